"""Commands on an office's own templates: try, store, put into use, send to oneself."""

import asyncio

from api.desk import Desk
from api.permissions import Actor
from api.problems import Flaw, Problem
from notifications.catalogue import Kind
from notifications.context import Letter
from notifications.languages import Language
from notifications.overrides import keeping
from notifications.overrides.draft import Draft, Fault
from notifications.overrides.kinds import OVERRIDABLE
from notifications.overrides.preview import Preview, Source, real_context, show
from notifications.overrides.samples import sample
from notifications.overrides.testing import send_test
from notifications.senders.choice import sender_for
from notifications.senders.protocol import Refusal
from notifications.sentences import reason_sentence
from notifications.titles import Titles
from storage.master import Missing
from storage.master.templates import activate_template
from storage.queries.members import show_person
from storage.queries.programmes import show_programme
from storage.queries.templates import is_programme
from storage.reach import place_of_engagement


def kind_of(name: str) -> Kind:
    """A kind of email. Raises ``not-found``."""
    if name not in OVERRIDABLE:
        raise Problem("not-found")
    return OVERRIDABLE[name]


async def put_template(
    desk: Desk,
    actor: Actor,
    programme_id: str,
    kind: Kind,
    language: Language,
    draft: Draft,
    *,
    note: str,
    activate: bool,
) -> int:
    """Store a version. Raises ``template-invalid`` with every fault, and ``not-found``."""
    try:
        async with desk.database.transaction() as session:
            return await keeping.put(
                session,
                actor.holder_id,
                desk.now(),
                programme_id,
                kind,
                language,
                draft,
                why=note,
                activate=activate,
            )
    except keeping.FaultyDraft as error:
        raise _invalid(error.faults) from error
    except Missing as error:
        raise Problem("not-found") from error


async def choose_version(
    desk: Desk, actor: Actor, programme_id: str, kind: Kind, language: Language, version: int
) -> None:
    """Put a version into use. Raises ``not-found``."""
    try:
        async with desk.database.transaction() as session:
            await activate_template(
                session, actor.holder_id, desk.now(), programme_id, kind.name, language, version
            )
    except Missing as error:
        raise Problem("not-found") from error


async def preview(
    desk: Desk,
    programme_id: str,
    kind: Kind,
    language: Language,
    draft: Draft,
    *,
    version: int | None,
    engagement_id: str | None,
) -> Preview:
    """An email as it would read. Raises ``template-invalid`` and ``not-found``."""
    async with desk.database.reading() as session:
        if not await is_programme(session, programme_id):
            raise Problem("not-found")
        chosen: Draft | None = draft
        if not draft.parts():
            chosen = await keeping.draft_of(session, programme_id, kind, language, version)
        if chosen is None:
            raise Problem("not-found")
        if chosen.parts():
            # One that is stored as well: an earlier Milepost may have let more pass.
            try:
                await keeping.must_be_right(kind, language, chosen)
            except keeping.FaultyDraft as error:
                raise _invalid(error.faults) from error
        context: Letter = sample(kind, language)
        source: Source = "sample"
        if engagement_id is not None:
            place = await place_of_engagement(session, engagement_id)
            if place is None or place.programme_id != programme_id:
                raise Problem("not-found")
            context, source = await real_context(
                session, kind, engagement_id, language, desk.settings, desk.now()
            )
    return await asyncio.to_thread(show, kind, context, source, language, chosen)


async def send_to_oneself(
    desk: Desk, actor: Actor, programme_id: str, kind: Kind, shown: Preview
) -> str:
    """Send a preview to whoever asks; their name. Raises ``not-sent``."""
    async with desk.database.reading() as session:
        person = await show_person(session, actor.holder_id)
        stored = await show_programme(session, programme_id, None)
    if person is None or stored is None:
        raise Problem("not-found")
    titles: Titles = (await desk.definitions.voice(programme_id, stored.version)).titles
    sender = sender_for(desk.settings, desk.database)
    try:
        await send_test(
            sender,
            kind,
            shown,
            to_name=person.name,
            to_email=person.email,
            from_name=titles.office,
            from_email=titles.mail_from or desk.settings.mail_from,
            reply_to=titles.reply_to,
        )
    except Refusal as refusal:
        raise Problem("not-sent", reason=reason_sentence(refusal.reason)) from refusal
    finally:
        await sender.close()
    return person.name


def _invalid(faults: tuple[Fault, ...]) -> Problem:
    return Problem(
        "template-invalid",
        errors=[
            Flaw(
                pointer=f"#/{one.part}:{one.line}" if one.line else f"#/{one.part}",
                what=one.what,
                mend=one.mend,
            )
            for one in faults
        ],
    )
