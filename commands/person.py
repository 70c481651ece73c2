"""`milepost person`: add and list the people of the office, of its funder and partners."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.outcome import ending
from commands.reach import with_backend, with_database
from commands.show import AsJson, print_json, print_sentence, print_table
from programmes.vocabulary import OfficeRole
from services.backend import Backend
from services.office import add_person
from services.permissions import OPERATOR
from storage.database import Database
from storage.queries.members import PersonRow, list_people
from storage.queries.paging import MAX_LIMIT

app = typer.Typer(help="Add and list the people of the office.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    email: Annotated[str, typer.Option(help="Where emails go.")],
    role: Annotated[OfficeRole, typer.Option(help="What the person does; viewers only read.")],
    as_json: AsJson = False,
) -> None:
    """Add a person of the office, its funder or a partner.

    Exit code 1: a value is invalid. Then nothing is stored.
    """

    async def work(backend: Backend) -> PersonRow:
        return await add_person(backend, OPERATOR, name=name, email=email, role=role)

    with ending(as_json):
        added = with_backend(work)
    if as_json:
        print_json(added)
    else:
        print_sentence(f"{added.name} is added as {added.role}: {added.id}.")


@app.command("list")
def list_all(
    role: Annotated[OfficeRole | None, typer.Option(help="Only people of that role.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the people, by name."""

    async def read(database: Database) -> list[PersonRow]:
        async with database.reading() as session:
            return await all_people(session, role)

    with ending(as_json):
        people = with_database(read)
    if as_json:
        print_json(people)
        return
    print_table(
        "People",
        ["Name", "Role", "Email", "Active", "Id"],
        [(each.name, each.role, each.email, each.active, each.id) for each in people],
    )


async def all_people(session: AsyncSession, role: str | None = None) -> list[PersonRow]:
    """All people, or all of a role."""
    found: list[PersonRow] = []
    cursor: str | None = None
    while True:
        page = await list_people(session, role=role, cursor=cursor, limit=MAX_LIMIT)
        found += page.rows
        cursor = page.next
        if cursor is None:
            return found
