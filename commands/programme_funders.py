"""`milepost programme funders`: who hears, for its funder, how a programme gets on."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.catalogue import say
from commands.changing import OPERATOR, change
from commands.lookup import person_named
from commands.outcome import ending, with_database
from commands.show import AsJson, print_json, print_table
from storage.database import Database
from storage.master.funders import set_funders
from storage.queries.members import PersonRow, funders_of

People = Annotated[list[str] | None, typer.Option(help="Id, name or address; may be repeated.")]


def funders(
    programme: Annotated[str, typer.Argument(metavar="ID", help="The programme's id.")],
    add: People = None,
    remove: People = None,
    as_json: AsJson = False,
) -> None:
    """List who hears for the funder; name somebody, or take somebody off.

    Only these get the emails that a definition has for `funder`, not everybody who may look.

    Exit code 1: there is no such programme or person, or one is no viewer; nothing is stored then.
    """

    async def work(database: Database) -> tuple[PersonRow, ...]:
        async with database.reading() as session:
            here = {one.id for one in await funders_of(session, programme)}
            here |= {(await person_named(session, one)).id for one in add or ()}
            here -= {(await person_named(session, one)).id for one in remove or ()}
        return await name_funders(database, programme, sorted(here))

    with ending(as_json):
        named = with_database(work)
    if as_json:
        print_json(named)
        return
    print_table(
        say("programme.funders"),
        [say(f"column.{name}") for name in ("name", "email", "active", "id")],
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
