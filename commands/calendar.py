"""`milepost calendar`: the private address of a person's calendar."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.lookup import holder_named
from commands.outcome import OPERATOR, ending, with_change, with_database
from commands.show import AsJson, print_json, print_sentence
from services.calendar_feeds import feed_link
from settings import settings
from storage.database import Database
from storage.master.tokens import end_feed, make_feed
from storage.queries.calendar import feed_made_at

app = typer.Typer(help="Make and end private calendar addresses.", no_args_is_help=True)

Holder = Annotated[str, typer.Argument(help="A contact's id, or a person's id, name or address.")]


@app.command()
def make(holder: Holder, as_json: AsJson = False) -> None:
    """Make an address for a calendar. An earlier address stops working.

    Calendar programs read it without a token. It is shown only once.
    """

    async def work(session: AsyncSession, now: datetime) -> str:
        return await make_feed(session, OPERATOR, now, await holder_named(session, holder))

    with ending(as_json):
        address = feed_link(settings().public_url, with_change(work))
    if as_json:
        print_json({"address": address})
    else:
        print_sentence(
            "The calendar's address. It is shown only now. Anyone who has it can read the calendar:"
        )
        typer.echo(address)


@app.command()
def show(holder: Holder, as_json: AsJson = False) -> None:
    """Show whether a person's calendar has an address, and since when."""

    async def read(database: Database) -> datetime | None:
        async with database.reading() as session:
            return await feed_made_at(session, await holder_named(session, holder))

    with ending(as_json):
        made_at = with_database(read)
    if as_json:
        print_json({"made_at": made_at})
    else:
        print_sentence(
            f"The calendar has had an address since {made_at}."
            if made_at
            else "The calendar has no address."
        )


@app.command()
def end(holder: Holder, as_json: AsJson = False) -> None:
    """End the address: it no longer works."""

    async def work(session: AsyncSession, now: datetime) -> bool:
        return await end_feed(session, OPERATOR, now, await holder_named(session, holder))

    with ending(as_json):
        ended = with_change(work)
    if as_json:
        print_json({"was_valid": ended})
    else:
        print_sentence("The address no longer works." if ended else "The calendar has no address.")
