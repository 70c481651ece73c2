"""The first manager of a new office, with a token to begin with."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.table import Table

from commands.catalogue import say
from commands.opening import Screen, run_office
from commands.outcome import ending
from commands.person import everybody, new_person
from commands.show import cell, console, print_line
from commands.token import new_token
from embedded.folder import Addresses
from embedded.office import log_folder
from settings import Settings, settings
from storage.database import Database
from storage.queries.access import list_tokens

LABEL = "first manager"


async def first_manager_token(config: Settings, name: str, email: str) -> str | None:
    """A token for the first manager; None where the office has given one out before.

    The manager is made where there is none yet. Raises Stop where name or address is wrong.
    """
    database = Database(config.database_url)
    try:
        async with database.reading() as session:
            if await list_tokens(session):
                return None
            managers = await everybody(session, "manager")
        manager = next((each for each in managers if each.active), None)
        manager = manager or await new_person(database, name, email, "manager")
        return (await new_token(database, manager.id, LABEL)).secret
    finally:
        await database.dispose()


def up(
    manager_name: Annotated[
        str, typer.Option(help="The first manager's name; for a first run.")
    ] = "Programme manager",
    manager_email: Annotated[
        str, typer.Option(help="The first manager's address; for a first run.")
    ] = "manager@example.org",
) -> None:
    """Run Temporal, a worker and the API on this machine.

    They run until Ctrl-C. The data is kept for the next time.

    Exit code 1: another office runs here, or a port is in use. 3: a part does not start.
    """
    config = settings()

    async def serve(addresses: Addresses, screen: Screen) -> int:
        token = await first_manager_token(config, manager_name, manager_email)
        print_addresses(config, addresses)
        if token is not None:
            console().print(say("office.first_token"))
            console().print(token, style="bold", markup=False, soft_wrap=True)
            print_line("office.first_token_use", token=token, api=addresses.api)
            print_line("office.next_steps")
        print_line("office.stays")
        await asyncio.Event().wait()
        return 0

    with ending():
        code = run_office(config, serve)
    print_line("office.ended")
    raise typer.Exit(code)


def print_addresses(config: Settings, addresses: Addresses) -> None:
    """Where everything is reached."""
    lines: Mapping[str, object] = {
        "api": addresses.api,
        "docs": f"{addresses.api}/openapi.json",
        "mailbox": f"{addresses.api}/mailbox" if config.sender == "mailbox" else "",
        "temporal_ui": addresses.temporal_ui,
        "temporal": addresses.temporal,
        "folder": config.data_dir.absolute(),
        "logs": log_folder(config).absolute(),
    }
    table = Table(title=say("office.addresses"), title_justify="left", show_header=False)
    for name, value in lines.items():
        if value:
            table.add_row(say(f"office.{name}"), cell(value))
    console().print()
    console().print(table)
    kept = "mail_kept" if config.sender == "mailbox" else "mail_real"
    print_line(f"office.{kept}", sender=config.sender)
