"""`milepost mailbox`: the emails that the mailbox sender kept."""

import asyncio
from typing import Annotated

import typer

from commands.outcome import Stop, ending
from commands.reach import with_database
from commands.show import ZONE, AsJson, cell, console, print_json, print_table
from storage.database import Database
from storage.queries.mailbox import MailEntry, list_mail, mail_after, show_mail

LOOK_EVERY_SECONDS = 0.5

app = typer.Typer(help="Read the emails that the mailbox kept.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_all(limit=20, as_json=False)


@app.command("list")
def list_all(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest emails."""

    async def read(database: Database) -> tuple[MailEntry, ...]:
        async with database.reading() as session:
            return (await list_mail(session, limit=limit)).rows

    with ending(as_json):
        rows = with_database(read)
    if as_json:
        print_json(rows)
        return
    print_table(
        "Emails, newest first",
        ["No.", "When", "To", "Subject"],
        [(row.id, row.at, f"{row.to_name} <{row.to_email}>", row.subject) for row in rows],
    )


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="The email's number in the list.")],
    as_json: AsJson = False,
) -> None:
    """Show one email.

    Exit code 1: there is no email of that number.
    """

    async def read(database: Database) -> None:
        async with database.reading() as session:
            mail = await show_mail(session, number)
        if mail is None:
            raise Stop(f"There is no email number {number}. `milepost mailbox list` shows all.")
        if as_json:
            print_json(mail)
            return
        head = (
            ("From", f"{mail.from_name} <{mail.from_email}>"),
            ("To", f"{mail.to_name} <{mail.to_email}>"),
            ("When", cell(mail.at)),
            ("Subject", mail.subject),
        )
        for name, value in head:
            console().print(f"{name}: {value}", markup=False, soft_wrap=True)
        console().print(f"\n{mail.text}", markup=False, soft_wrap=True)

    with ending(as_json):
        with_database(read)


@app.command()
def follow(
    since: Annotated[int, typer.Option(help="Show those after this number first.")] = 0,
) -> None:
    """Show each email as it arrives, until Ctrl-C."""

    async def watch(database: Database) -> None:
        last = since
        while True:
            async with database.reading() as session:
                arrived = await mail_after(session, last)
            for entry in arrived:
                last = entry.id
                console().print(mail_line(entry), markup=False, soft_wrap=True)
            if not arrived:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    try:
        with ending():
            with_database(watch)
    except KeyboardInterrupt:
        return


def mail_line(entry: MailEntry) -> str:
    """An email in one line: time, recipient, subject."""
    at = f"{entry.at.astimezone(ZONE):%H:%M:%S}"
    return f"{at}  {entry.to_name}: {entry.subject}"
