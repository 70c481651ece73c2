"""Stores a version of a programme's definition, and names who reads for its funder."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from commands.lookup import person_named
from commands.outcome import OPERATOR, Exit, Stop, change, ending, temporal_overrides, with_database
from commands.show import print_json, print_sentence, print_table
from programmes.definition import Definition
from programmes.loader import DefinitionErrors, built_in_definitions, load_definition
from settings import settings
from storage.database import Database
from storage.master.programmes import add_programme, set_funders
from storage.queries.members import PersonRow, funders_of
from storage.queries.programmes import ProgrammeRow, latest_programmes
from temporal.connection import LazyTemporal
from temporal.summaries import follow_definitions


def add_file(file: str, as_json: bool) -> None:
    """Store the version in a file, or of a built-in programme, and say so."""

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
        stored = "is stored. Members can start in it" if is_new else "was stored before"
        print_sentence(f"{definition.id}, version {definition.version}, {stored}.")


async def new_programme(database: Database, source: str, text: str) -> tuple[Definition, bool]:
    """Store the definition unless it is there; whether it was new.

    Raises Stop where it has errors or its version holds something else.
    """
    try:
        definition = load_definition(text, source)
    except DefinitionErrors as errors:
        raise Stop(f"{source} has errors:", details=list(_lines(errors))) from None

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


def list_stored(as_json: bool) -> None:
    """Print the newest version of each stored programme."""

    async def read(database: Database) -> tuple[ProgrammeRow, ...]:
        async with database.reading() as session:
            return await latest_programmes(session)

    with ending(as_json):
        found = with_database(read)
    if as_json:
        print_json([{"id": one.id, "version": one.version, "title": one.title} for one in found])
    elif found:
        rows = [(one.id, one.version, one.title, one.created_at.date()) for one in found]
        print_table("Programmes", ["Id", "Version", "Title", "Stored on"], rows)
    else:
        print_sentence("No programme is stored yet. `milepost programme add FILE` stores one.")


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
        raise Stop(f"{file} is not a UTF-8 text file.", code=Exit.USAGE) from None
    except KeyError:
        names = ", ".join(name for name, _ in built_in_definitions())
        raise Stop(
            f"There is no file {file}, and no built-in programme of that name. Built in: {names}.",
            code=Exit.USAGE,
        ) from None


def _lines(errors: DefinitionErrors) -> Iterator[str]:
    for each in errors.flaws:
        yield f"{errors.file}:{each.line}:{each.column}: {each.what}; {each.fix}"


def change_funders(
    programme: str, add: Sequence[str], remove: Sequence[str], as_json: bool
) -> None:
    """Add these people to those who read for the funder, take those off, and list all."""

    async def work(database: Database) -> tuple[PersonRow, ...]:
        async with database.reading() as session:
            here = {one.id for one in await funders_of(session, programme)}
            here |= {(await person_named(session, one)).id for one in add}
            here -= {(await person_named(session, one)).id for one in remove}
        return await name_funders(database, programme, sorted(here))

    with ending(as_json):
        named = with_database(work)
    if as_json:
        print_json(named)
        return
    print_table(
        "People who read for the funder",
        ["Name", "Email", "Active", "Id"],
        [(each.name, each.email, each.active, each.id) for each in named],
    )


async def name_funders(
    database: Database, programme: str, person_ids: list[str]
) -> tuple[PersonRow, ...]:
    """Name all of them. Raises Stop where something is wrong."""

    async def store(session: AsyncSession, now: datetime) -> tuple[PersonRow, ...]:
        await set_funders(session, OPERATOR, now, programme, person_ids)
        return await funders_of(session, programme)

    return await change(database, store)
