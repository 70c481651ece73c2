"""How a command ends: exit codes that mean something, and a sentence for whatever went wrong."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TypeVar

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from commands.catalogue import say
from commands.places import database_place, is_missing_file
from settings import settings
from storage.database import Database
from storage.migrate import is_current

T = TypeVar("T")


class Exit(IntEnum):
    """The exit codes; ``milepost --help`` lists them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    DOWN = 3


class Stop(Exception):
    """Ends a command with a sentence for a person, and what to mend line by line."""

    def __init__(
        self, sentence: str, *, code: Exit = Exit.REFUSED, details: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.details = tuple(details)


@contextmanager
def ending(as_json: bool = False) -> Iterator[None]:
    """Turn a ``Stop`` into its sentence on standard error and its exit code.

    With `as_json` the problem goes to standard output as JSON instead, for the machine that asked.
    """
    try:
        yield
    except Stop as stop:
        if as_json:
            problem = {"error": stop.sentence, "details": list(stop.details)}
            typer.echo(json.dumps(problem, ensure_ascii=False, indent=2))
        else:
            console = Console(stderr=True, highlight=False)
            console.print(stop.sentence, style="red", markup=False, soft_wrap=True)
            for detail in stop.details:
                console.print(f"  {detail}", markup=False, soft_wrap=True)
        raise typer.Exit(stop.code) from None


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run the work against the database of the settings; it must be there and up to date."""

    async def run() -> T:
        database = Database(settings().database_url)
        try:
            await _must_be_migrated(database)
            return await work(database)
        except DBAPIError as problem:
            # Its own message would quote the statement's values: names and addresses.
            raise Stop(
                say(
                    "database.failed",
                    where=database_place(settings()),
                    reason=type(problem.orig).__name__,
                ),
                code=Exit.DOWN,
            ) from None
        finally:
            await database.dispose()

    return asyncio.run(run())


async def _must_be_migrated(database: Database) -> None:
    if is_missing_file(settings()):
        raise _down("none")
    try:
        current = await is_current(database)
    except (OSError, SQLAlchemyError) as problem:
        raise _down("unreachable", problem) from None
    if not current:
        raise _down("old")


def _down(key: str, problem: Exception | None = None) -> Stop:
    """Its own message would quote the statement's values, so only the kind of problem is told."""
    reason = type(getattr(problem, "orig", None) or problem).__name__
    where = database_place(settings())
    return Stop(say(f"database.{key}", where=where, reason=reason), code=Exit.DOWN)
