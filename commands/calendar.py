"""`milepost calendar`: the secret address of somebody's calendar."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.lookup import holder_named
from commands.outcome import OPERATOR, ending, with_change, with_database
from commands.show import AsJson, print_json, print_line
from notifications.links import feed_link
from settings import settings
from storage.database import Database
from storage.master.tokens import end_feed, make_feed
from storage.queries.calendar import feed_made_at

app = typer.Typer(
    name="calendar",
    help="The secret address of somebody's calendar, for programs that cannot send a token.",
    no_args_is_help=True,
)

Holder = Annotated[str, typer.Argument(help="A contact's id, or a person's id, name or address.")]


@app.command()
def make(holder: Holder, as_json: AsJson = False) -> None:
    """Make an address; an earlier one ends with it. It is shown this once."""

    async def work(session: AsyncSession, now: datetime) -> str:
        return await make_feed(session, OPERATOR, now, await holder_named(session, holder))

    with ending(as_json):
        address = feed_link(settings().public_url, with_change(work))
    if as_json:
        print_json({"address": address})
    else:
        print_line("calendar.made")
        typer.echo(address)


@app.command()
def show(holder: Holder, as_json: AsJson = False) -> None:
    """Show whether somebody has one, and since when."""

    async def read(database: Database) -> datetime | None:
        async with database.reading() as session:
            return await feed_made_at(session, await holder_named(session, holder))

    with ending(as_json):
        made_at = with_database(read)
    if as_json:
        print_json({"made_at": made_at})
    else:
        print_line("calendar.has" if made_at else "calendar.none", at=made_at or "")


@app.command()
def end(holder: Holder, as_json: AsJson = False) -> None:
    """Let the address open nothing any more."""

    async def work(session: AsyncSession, now: datetime) -> bool:
        return await end_feed(session, OPERATOR, now, await holder_named(session, holder))

    with ending(as_json):
        ended = with_change(work)
    if as_json:
        print_json({"was_valid": ended})
    else:
        print_line("calendar.ended" if ended else "calendar.none")
