"""`milepost calendar`: the private address of a person's calendar."""

from datetime import datetime
from typing import Annotated

import typer

from commands.lookup import holder_named
from commands.outcome import ending
from commands.reach import with_backend, with_database
from commands.show import AsJson, print_json, print_sentence
from services.backend import Backend
from services.calendar_feeds import Feed, end_feed_for, make_feed_for
from services.permissions import OPERATOR
from storage.database import Database
from storage.queries.calendar import feed_made_at

app = typer.Typer(help="Make and end private calendar addresses.", no_args_is_help=True)

Holder = Annotated[str, typer.Argument(help="A contact's id, or a person's id, name or address.")]


@app.command()
def make(holder: Holder, as_json: AsJson = False) -> None:
    """Make an address for a calendar. An earlier address stops working.

    Calendar programs read it without a token. It is shown only once.
    """

    async def work(backend: Backend) -> Feed:
        async with backend.database.reading() as session:
            whose = await holder_named(session, holder)
        return await make_feed_for(backend, OPERATOR, whose.id, whose.member_id)

    with ending(as_json):
        address = with_backend(work).address
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
            return await feed_made_at(session, (await holder_named(session, holder)).id)

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

    async def work(backend: Backend) -> bool:
        async with backend.database.reading() as session:
            whose = await holder_named(session, holder)
        return await end_feed_for(backend, OPERATOR, whose.id, whose.member_id)

    with ending(as_json):
        ended = with_backend(work)
    if as_json:
        print_json({"was_valid": ended})
    else:
        print_sentence("The address no longer works." if ended else "The calendar has no address.")
