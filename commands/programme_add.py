"""`milepost programme add`: store a version of a definition, so that members can start in it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.catalogue import say
from commands.changing import OPERATOR, change
from commands.outcome import Exit, Stop, ending, with_database
from commands.places import temporal_overrides
from commands.show import AsJson, print_json, print_line
from programmes.definition import Definition
from programmes.loader import DefinitionErrors, built_in_definitions, load_definition
from settings import settings
from storage.database import Database
from storage.master.programmes import add_programme
from temporal.connection import LazyTemporal
from temporal.summaries import follow_definitions


def add(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A YAML file, or the name of a built-in one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Store a version of a programme. A stored version never changes: a change is a new one.

    Exit code 1: the definition has errors, or this version is stored with other content.
    """

    async def work(database: Database) -> tuple[Definition, bool]:
        added = await new_programme(database, *_read(file))
        temporal = LazyTemporal(temporal_overrides(settings()))
        await follow_definitions(temporal, database, settings().task_queue)
        return added

    with ending(as_json):
        definition, is_new = with_database(work)
    values = {"id": definition.id, "version": definition.version}
    if as_json:
        print_json(values | {"added": is_new})
    else:
        print_line("programme.added" if is_new else "programme.there", **values)


async def new_programme(database: Database, source: str, text: str) -> tuple[Definition, bool]:
    """Store the definition unless it is there; whether it was new.

    Raises Stop where it has errors or its version holds something else.
    """
    try:
        definition = load_definition(text, source)
    except DefinitionErrors as errors:
        raise Stop(say("programme.wrong", file=source), details=list(_lines(errors))) from None

    async def work(session: AsyncSession, now: datetime) -> bool:
        return await add_programme(
            session,
            OPERATOR,
            now,
            id=definition.id,
            version=definition.version,
            title=definition.title,
            source=text,
        )

    return definition, await change(database, work)


def built_in(name: str) -> tuple[str, str]:
    """The name and text of a definition that comes with Milepost. KeyError where there is none."""
    return name, dict(built_in_definitions())[name]


def _read(file: str) -> tuple[str, str]:
    path = Path(file)
    try:
        if path.is_file():
            return file, path.read_text(encoding="utf-8")
        return built_in(file)
    except (OSError, UnicodeDecodeError):
        raise Stop(say("programme.unreadable", file=file), code=Exit.USAGE) from None
    except KeyError:
        names = ", ".join(name for name, _ in built_in_definitions())
        raise Stop(say("programme.none", file=file, names=names), code=Exit.USAGE) from None


def _lines(errors: DefinitionErrors) -> Iterator[str]:
    for each in errors.problems:
        yield f"{each.file}:{each.line}:{each.column}: {each.what}; {each.mend}"
