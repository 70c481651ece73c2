"""Stores a version of a programme's definition, and names who reads for its funder."""

from collections.abc import Sequence
from pathlib import Path

from commands.lookup import person_named
from commands.outcome import Exit, Stop, ending
from commands.reach import with_backend, with_database
from commands.show import print_json, print_sentence, print_table
from programmes.loader import built_in_definitions
from services.backend import Backend
from services.office import StoredProgramme, add_programme, set_funders
from services.permissions import OPERATOR
from services.problems import Problem
from storage.database import Database
from storage.queries.members import PersonRow, funders_of
from storage.queries.programmes import ProgrammeRow, latest_programmes


def add_file(file: str, as_json: bool) -> None:
    """Store the version in a file, or of a built-in programme, and say so."""

    async def work(backend: Backend) -> StoredProgramme:
        return await new_programme(backend, *_read(file))

    with ending(as_json):
        stored = with_backend(work)
    row, is_new = stored.row, stored.is_new
    if as_json:
        print_json({"id": row.id, "version": row.version, "added": is_new})
    else:
        outcome = "is stored. Members can start in it" if is_new else "was stored before"
        print_sentence(f"{row.id}, version {row.version}, {outcome}.")


async def new_programme(backend: Backend, source: str, text: str) -> StoredProgramme:
    """Store the definition unless it is stored. Raises Stop where it has errors, or where its
    version is stored with other content."""
    try:
        return await add_programme(backend, OPERATOR, text.encode())
    except Problem as problem:
        if problem.name == "definition-invalid":
            flaws = problem.errors or ()
            lines = [f"{source}:{one.pointer}: {one.what}; {one.fix}" for one in flaws]
            raise Stop(f"{source} has errors:", details=lines) from None
        raise


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


def change_funders(
    programme: str, add: Sequence[str], remove: Sequence[str], as_json: bool
) -> None:
    """Add these people to those who read for the funder, take those off, and list all."""

    async def work(backend: Backend) -> tuple[PersonRow, ...]:
        async with backend.database.reading() as session:
            here = {one.id for one in await funders_of(session, programme)}
            here |= {(await person_named(session, one)).id for one in add}
            here -= {(await person_named(session, one)).id for one in remove}
        return await set_funders(backend, OPERATOR, programme, sorted(here))

    with ending(as_json):
        named = with_backend(work)
    if as_json:
        print_json(named)
        return
    print_table(
        "People who read for the funder",
        ["Name", "Email", "Active", "Id"],
        [(each.name, each.email, each.active, each.id) for each in named],
    )
