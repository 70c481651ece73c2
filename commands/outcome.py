"""How a command ends, and how it reaches the database, Temporal and the API."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from embedded.folder import running_in
from settings import Settings, settings
from storage.database import Database
from storage.master.checks import Missing, Rejected
from storage.migrate import is_current
from temporal.connection import connect


def temporal_overrides(settings: Settings) -> dict[str, Any]:
    """Where the office that runs in the data folder has its Temporal; empty where none runs or
    ``TEMPORAL_ADDRESS`` is set."""
    if os.environ.get("TEMPORAL_ADDRESS"):
        return {}
    office = running_in(settings.data_dir)
    return {"target_host": office.temporal, "namespace": "default"} if office else {}


async def reach_temporal(settings: Settings) -> Client:
    """A connected client. Raises RuntimeError where nothing answers."""
    return await connect(**temporal_overrides(settings))


def api_address(settings: Settings) -> str:
    """Where the API of this office answers."""
    office = running_in(settings.data_dir)
    return office.api if office else f"http://{settings.api_host}:{settings.api_port}"


def database_place(settings: Settings) -> str:
    """The database's address without its password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)


def is_missing_file(settings: Settings) -> bool:
    """Whether the database is an SQLite file that does not exist yet."""
    url = make_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()


T = TypeVar("T")


class Exit(IntEnum):
    """The exit codes; ``milepost --help`` lists them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    DOWN = 3


class Stop(Exception):
    """Ends a command with a sentence for the user, and details, one a line."""

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
    """Run the work on the database of the settings.

    Raises Stop where it does not exist, does not answer, or has the tables of another version.
    """

    async def run() -> T:
        database = Database(settings().database_url)
        try:
            await _must_be_migrated(database)
            return await work(database)
        except DBAPIError as problem:
            reason = type(problem.orig).__name__
            raise _down(f"refused a statement ({reason}). Run `milepost doctor`.") from None
        finally:
            await database.dispose()

    return asyncio.run(run())


async def _must_be_migrated(database: Database) -> None:
    if is_missing_file(settings()):
        raise Stop(
            f"There is no database at {database_place(settings())} yet. Run `milepost up`, or"
            " `milepost migrate` to create one.",
            code=Exit.DOWN,
        )
    try:
        current = await is_current(database)
    except (OSError, SQLAlchemyError) as problem:
        raise database_unreachable(problem) from None
    if not current:
        raise _down("has the tables of another version. Run `milepost migrate`.")


def database_unreachable(problem: Exception) -> Stop:
    """Ends a command because the database does not answer."""
    reason = type(getattr(problem, "orig", None) or problem).__name__
    return _down(
        f"does not answer ({reason}). Check MILEPOST_DATABASE_URL, and that the server is running."
    )


def _down(trouble: str) -> Stop:
    """The database's own message would quote the statement's values: names and addresses."""
    return Stop(f"The database at {database_place(settings())} {trouble}", code=Exit.DOWN)


OPERATOR = "operator"
"""The actor in the audit trail for changes made on the command line."""


async def change(database: Database, work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Do the work in one transaction. Raises Stop, and stores nothing, where it is rejected."""
    try:
        async with database.transaction() as session:
            return await work(session, datetime.now(UTC))
    except Rejected as rejected:
        details = [str(flaw) for flaw in rejected.flaws]
        raise Stop(
            "Nothing was stored, because some values are invalid:", details=details
        ) from None
    except Missing as missing:
        raise Stop(f"There is no {missing}.") from None


def with_change(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Do the work in one transaction on the database of the settings."""

    async def run(database: Database) -> T:
        return await change(database, work)

    return with_database(run)
