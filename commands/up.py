"""`milepost up`: Temporal, a worker and the API on this machine, with a first manager."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.table import Table

from commands.opening import Screen, run_office
from commands.outcome import ending
from commands.person import all_people
from commands.reach import backend_on
from commands.show import cell, console, print_sentence
from embedded.folder import Addresses
from embedded.office import log_folder
from services.office import add_person
from services.permissions import OPERATOR
from services.tokens import make_token
from settings import Settings, settings
from storage.database import Database
from storage.queries.access import list_tokens

LABEL = "first manager"


async def first_manager_token(config: Settings, name: str, email: str) -> str | None:
    """A token for the first manager, or None where the office has issued a token before.

    Adds the manager where there is none yet. Raises the problem ``invalid`` where
    name or address is.
    """
    database = Database(config.database_url)
    try:
        async with database.reading() as session:
            if await list_tokens(session):
                return None
            managers = await all_people(session, "manager")
        manager = next((each for each in managers if each.active), None)
        backend = backend_on(database, config)
        manager = manager or await add_person(
            backend, OPERATOR, name=name, email=email, role="manager"
        )
        return (await make_token(backend, OPERATOR, manager.id, LABEL)).secret
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
            console().print(
                "Your first API token, for a manager. It is shown only now, so keep it:"
            )
            console().print(token, style="bold", markup=False, soft_wrap=True)
            print_sentence(
                f"To try it: curl -H 'Authorization: Bearer {token}' {addresses.api}/api/v1/me"
            )
            print_sentence(
                "Next: `milepost programme add inclusive-growth-network`, then `milepost member add"
                " --help` and `milepost engagement start --help`."
            )
        print_sentence("Running. Press Ctrl-C to stop; the data is kept.")
        await asyncio.Event().wait()
        return 0

    with ending():
        code = run_office(config, serve)
    print_sentence("Everything has stopped.")
    raise typer.Exit(code)


def print_addresses(config: Settings, addresses: Addresses) -> None:
    """Where everything is reached."""
    lines: Mapping[str, object] = {
        "Milepost": addresses.api,
        "API description (OpenAPI)": f"{addresses.api}/openapi.json",
        "Mailbox (the emails)": f"{addresses.api}/mailbox" if config.sender == "mailbox" else "",
        "Temporal's web UI": addresses.temporal_ui,
        "Temporal server": addresses.temporal,
        "Data folder": config.data_dir.absolute(),
        "Logs": log_folder(config).absolute(),
    }
    table = Table(title="Addresses", title_justify="left", show_header=False)
    for name, value in lines.items():
        if value:
            table.add_row(name, cell(value))
    console().print()
    console().print(table)
    if config.sender == "mailbox":
        print_sentence("Emails are kept in the mailbox. None leaves this machine.")
    else:
        print_sentence(f"Emails are really sent, through {config.sender}.")
