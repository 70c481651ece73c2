"""`milepost person`: add and list the people of the office, of its funder and partners."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.outcome import OPERATOR, change, ending, with_database
from commands.show import AsJson, print_json, print_sentence, print_table
from programmes.vocabulary import OfficeRole
from storage.database import Database
from storage.master.people import add_person
from storage.queries.members import PersonRow, list_people, show_person
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

    async def work(database: Database) -> PersonRow:
        return await new_person(database, name, email, role)

    with ending(as_json):
        added = with_database(work)
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


async def new_person(database: Database, name: str, email: str, role: str) -> PersonRow:
    """Add a person. Raises Stop where a value is invalid."""

    async def work(session: AsyncSession, now: datetime) -> PersonRow | None:
        person_id = await add_person(session, OPERATOR, now, name=name, email=email, role=role)
        return await show_person(session, person_id)

    added = await change(database, work)
    assert added is not None, "it was added in the same transaction"
    return added


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
