"""`milepost template preview` and `send-test`: an email before anybody else reads it."""

from pathlib import Path
from typing import Annotated

import typer

from api.desk import utc_now
from commands.catalogue import say
from commands.outcome import Stop, ending, with_database
from commands.show import AsJson, console, print_json, print_line
from commands.template import (
    KindName,
    MaybeVersion,
    Programme,
    Spoken,
    faulty,
    kind_named,
    read_draft,
    stored_draft,
)
from notifications.catalogue import Kind
from notifications.context import Letter
from notifications.languages import Language
from notifications.overrides.check import check as check_draft
from notifications.overrides.preview import Preview, Source, real_context, show
from notifications.overrides.samples import sample
from notifications.overrides.testing import send_test
from notifications.senders.choice import sender_for
from notifications.senders.protocol import Refusal
from notifications.sentences import reason_sentence
from notifications.titles import parsed
from settings import settings
from storage.database import Database
from storage.queries.members import show_person
from storage.queries.programmes import show_programme

MaybeFolder = Annotated[
    Path | None,
    typer.Option("--from", exists=True, file_okay=False, help="A folder with a draft."),
]
MaybeEngagement = Annotated[
    str | None, typer.Option(help="The engagement whose data fill it; samples without one.")
]


def preview(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    folder: MaybeFolder = None,
    version: MaybeVersion = None,
    engagement: MaybeEngagement = None,
    html: Annotated[Path | None, typer.Option(help="Write the HTML part into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the email as an engagement's people would read it. Nothing is sent."""
    with ending(as_json):

        async def read(database: Database) -> Preview:
            return await _previewed(
                database, programme, kind_named(kind), language, folder, version, engagement
            )

        shown = with_database(read)
    if html is not None:
        html.write_text(shown.rendered.html, encoding="utf-8")
    if as_json:
        print_json({**vars(shown.rendered), "data": shown.source})
        return
    print_line(f"template_data.{shown.source}")
    console().print(
        f"\n{shown.rendered.subject}\n\n{shown.rendered.text}", markup=False, soft_wrap=True
    )


def send_to_oneself(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    to: Annotated[str, typer.Option(help="Your own id among the people of the office.")],
    folder: MaybeFolder = None,
    version: MaybeVersion = None,
    engagement: MaybeEngagement = None,
    as_json: AsJson = False,
) -> None:
    """Send the email to yourself: no member can be named here.

    Exit code 1: it has faults, or could not be sent.
    """
    with ending(as_json):

        async def work(database: Database) -> str:
            of = kind_named(kind)
            shown = await _previewed(database, programme, of, language, folder, version, engagement)
            return await _sent(database, programme, of, shown, to)

        name = with_database(work)
    if as_json:
        print_json({"sent_to": name})
    else:
        print_line("template.sent", name=name)


async def _previewed(
    database: Database,
    programme: str,
    kind: Kind,
    language: Language,
    folder: Path | None,
    version: int | None,
    engagement: str | None,
) -> Preview:
    context: Letter = sample(kind, language)
    source: Source = "sample"
    async with database.reading() as session:
        if folder is None:
            draft = await stored_draft(session, programme, kind, language, version)
        else:
            draft = read_draft(folder)
            if faults := check_draft(kind, language, draft):
                raise faulty(faults)
        if engagement is not None:
            try:
                context, source = await real_context(
                    session, kind, engagement, language, settings(), utc_now()
                )
            except LookupError:
                raise Stop(say("engagement.none", id=engagement)) from None
    return show(kind, context, source, language, draft)


async def _sent(database: Database, programme: str, kind: Kind, shown: Preview, to: str) -> str:
    async with database.reading() as session:
        person = await show_person(session, to)
        stored = await show_programme(session, programme, None)
    if person is None or stored is None:
        raise Stop(say("change.missing", id=to if person is None else programme))
    titles = parsed(stored.source)[1]
    sender = sender_for(settings(), database)
    try:
        await send_test(
            sender,
            kind,
            shown,
            to_name=person.name,
            to_email=person.email,
            from_name=titles.office,
            from_email=titles.mail_from or settings().mail_from,
            reply_to=titles.reply_to,
        )
    except Refusal as refusal:
        raise Stop(reason_sentence(refusal.reason)) from None
    finally:
        await sender.close()
    return person.name
