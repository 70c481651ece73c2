"""`milepost member`: add and change members, import them from a file, list them."""

from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated

import typer

from commands.lookup import member_named
from commands.outcome import ending
from commands.reach import with_backend, with_database
from commands.show import AsJson, plain, print_json, print_sentence, print_table
from programmes.vocabulary import Nation
from services.backend import OFFICE_CLOCK, Backend
from services.office import IMPORT_COLUMNS, add_member, edit_member, import_members
from services.permissions import OPERATOR
from services.views.running import RunningEngagement, running_engagements
from storage.database import Database
from storage.master.checks import Blackout, NewContact
from storage.queries.members import MemberDetail, list_members, show_members
from storage.queries.paging import MAX_LIMIT

app = typer.Typer(help="Add, change, import and list members.", no_args_is_help=True)

Blackouts = Annotated[
    list[str] | None,
    typer.Option(
        "--blackout",
        metavar="FIRST:LAST[:REASON]",
        help="Days without emails and due dates; repeatable.",
    ),
]
Sample = Annotated[bool, typer.Option(help="Mark as sample data wherever it is shown.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The organisation's name.")],
    nation: Annotated[
        Nation,
        typer.Option(case_sensitive=False, help="The nation whose bank holidays it follows."),
    ],
    lead: Annotated[str, typer.Option(metavar="'NAME <ADDRESS>'", help="The lead contact.")],
    contact: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME <ADDRESS>'", help="Another contact; repeatable."),
    ] = None,
    blackout: Blackouts = None,
    sample: Sample = False,
    as_json: AsJson = False,
) -> None:
    """Add a member with its contacts.

    Exit code 1: a value is invalid. Then nothing is stored.
    """
    contacts = [_contact(lead, lead=True), *(_contact(each) for each in contact or [])]
    blackouts = [_blackout(each) for each in blackout or []]

    async def work(backend: Backend) -> MemberDetail:
        return await add_member(
            backend,
            OPERATOR,
            name=name,
            nation=nation,
            contacts=contacts,
            blackouts=blackouts,
            sample=sample,
        )

    with ending(as_json):
        added = with_backend(work)
    if as_json:
        print_json(added)
    else:
        print_sentence(f"{added.member.name} is added: {added.member.id}.")


@app.command()
def edit(
    member: Annotated[str, typer.Argument(help="The member's id, or a part of its name.")],
    name: Annotated[str | None, typer.Option(help="The organisation's new name.")] = None,
    nation: Annotated[
        Nation | None,
        typer.Option(case_sensitive=False, help="The nation whose bank holidays it follows."),
    ] = None,
    blackout: Blackouts = None,
    no_blackouts: Annotated[
        bool, typer.Option("--no-blackouts", help="Remove the member's blackouts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change a member's name, nation or blackouts.

    Values that are left out stay. Given blackouts replace all that it has. Emails obey them at
    once. The dates of running engagements stay: the answer lists those that fall in a blackout.

    Exit code 1: there is no such member, or a value is invalid. Then nothing is changed.
    """
    if blackout and no_blackouts:
        raise typer.BadParameter("Give --blackout or --no-blackouts.", param_hint="--no-blackouts")
    given = [_blackout(each) for each in blackout or []]
    blackouts = given if given or no_blackouts else None

    async def work(backend: Backend) -> tuple[MemberDetail, list[RunningEngagement]]:
        async with backend.database.reading() as session:
            found = await member_named(session, member)
        edited = await edit_member(
            backend, OPERATOR, found.id, name=name, nation=nation, blackouts=blackouts
        )
        running = []
        if blackouts is not None:
            running = await running_engagements(backend, OPERATOR, found.id)
        return edited, running

    with ending(as_json):
        edited, running = with_backend(work)
    if as_json:
        print_json(plain(edited) | {"running": [one.model_dump(mode="json") for one in running]})
        return
    print_sentence(f"{edited.member.name} is changed: {edited.member.id}.")
    if blackouts is not None:
        _print_running(running)


def _print_running(running: list[RunningEngagement]) -> None:
    if not running:
        print_sentence("It has no running engagement. The next is planned around its blackouts.")
    for one in running:
        print_sentence(f"{one.id} ({one.programme}):")
        for sentence in one.says:
            print_sentence(f"  {sentence}")
        for inside in one.dates_inside:
            day = OFFICE_CLOCK.day(inside.due_at)
            print_sentence(f"  {day}: {inside.title} ({inside.about})")


@app.command("list")
def list_all(
    text: Annotated[str | None, typer.Option(help="Part of the name.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the members with their lead contacts, by name."""

    with ending(as_json):
        members = with_database(lambda database: every_member(database, text))
    if as_json:
        print_json(members)
        return
    print_table(
        "Members",
        ["Name", "Nation", "Lead contact", "Sample", "Id"],
        [
            (each.member.name, each.member.nation, _lead(each), each.member.sample, each.member.id)
            for each in members
        ],
    )


async def every_member(database: Database, text: str | None = None) -> list[MemberDetail]:
    """Every member with its contacts, by name; with ``text`` those whose name has it in it."""
    found: list[MemberDetail] = []
    cursor: str | None = None
    async with database.reading() as session:
        while True:
            page = await list_members(session, text=text, cursor=cursor, limit=MAX_LIMIT)
            found += await show_members(session, [row.id for row in page.rows])
            cursor = page.next
            if cursor is None:
                return found


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help=f"CSV, a row a contact, with the columns {', '.join(IMPORT_COLUMNS)}.",
        ),
    ],
    sample: Sample = False,
    as_json: AsJson = False,
) -> None:
    """Add the members of a CSV file.

    It adds all of them, or lists the errors with their lines and adds none.

    Exit code 1: the file has errors. 2: there is no such file.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(
            f"{file} is not a UTF-8 text file. Save it as CSV UTF-8, and try again.",
            param_hint="FILE",
        ) from None

    async def work(backend: Backend) -> tuple[str, ...]:
        return await import_members(backend, OPERATOR, text, sample=sample)

    with ending(as_json):
        ids = with_backend(work)
    if as_json:
        print_json({"added": ids})
    else:
        print_sentence("1 member is added." if len(ids) == 1 else f"{len(ids)} members are added.")


def _contact(text: str, *, lead: bool = False) -> NewContact:
    name, address = parseaddr(text)
    # An invalid address is kept, so that the refusal lists it with the other errors.
    return NewContact(name or text, address or text, lead=lead)


def _blackout(text: str) -> Blackout:
    first, _, rest = text.partition(":")
    last, _, reason = rest.partition(":")
    try:
        return Blackout(date.fromisoformat(first), date.fromisoformat(last or first), reason)
    except ValueError:
        raise typer.BadParameter(
            "Write two dates and a reason, such as 2027-03-22:2027-05-06:Pre-election period.",
            param_hint="--blackout",
        ) from None


def _lead(member: MemberDetail) -> str:
    return next((f"{each.name} <{each.email}>" for each in member.contacts if each.lead), "")
