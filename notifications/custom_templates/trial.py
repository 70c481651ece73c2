"""Tries an office's own templates: shown, or sent to the user who asks. No member gets them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.context import Letter
from notifications.custom_templates.draft import Draft
from notifications.custom_templates.keeping import draft_of, must_be_right
from notifications.custom_templates.preview import Preview, Source, real_context, show
from notifications.custom_templates.samples import sample
from notifications.delivery.sending import OfficeSettings
from notifications.kinds import Kind
from notifications.senders.choice import SenderSettings, sender_for
from notifications.senders.protocol import Email
from notifications.words import entry, fill, parsed_in_thread
from programmes.vocabulary import Language
from storage.database import Database, new_id
from storage.queries.access import place_of_engagement
from storage.queries.members import show_person
from storage.queries.programmes import show_programme
from storage.queries.templates import is_programme


@dataclass(frozen=True)
class Trial:
    """The draft, or the stored version, to try."""

    programme_id: str
    kind: Kind
    language: Language
    draft: Draft | None = None
    version: int | None = None
    """The stored version; the one in use if ``None``."""
    engagement_id: str | None = None
    """The engagement whose data fill it; samples if ``None``."""


class NothingToTry(LookupError):
    """A version, engagement or person that a trial names does not exist."""

    def __init__(
        self, what: Literal["programme", "version", "engagement", "person"], named: object
    ) -> None:
        super().__init__(f"no {what} {named}")
        self.what = what
        self.named = named


class TrialSettings(SenderSettings, OfficeSettings, Protocol):
    """The settings to send a test with."""


async def try_out(
    session: AsyncSession, trial: Trial, office: OfficeSettings, now: datetime
) -> Preview:
    """The email as an engagement's people would read it.

    Raises ``FaultyDraft``, and ``NothingToTry``, also if the engagement is in another programme.
    """
    kind, language = trial.kind, trial.language
    if not await is_programme(session, trial.programme_id):
        raise NothingToTry("programme", trial.programme_id)
    draft = trial.draft
    if draft is None:
        draft = await draft_of(session, trial.programme_id, kind, language, trial.version)
    if draft is None:
        raise NothingToTry("version", trial.version)
    if draft.parts():
        # Check a stored one as well: an earlier Milepost may have allowed more.
        await must_be_right(kind, language, draft)
    context: Letter = sample(kind, language)
    source: Source = "sample"
    if trial.engagement_id is not None:
        place = await place_of_engagement(session, trial.engagement_id)
        if place is None or place.programme_id != trial.programme_id:
            raise NothingToTry("engagement", trial.engagement_id)
        context, source = await real_context(
            session, kind, trial.engagement_id, language, office, now
        )
    return await asyncio.to_thread(show, kind, context, source, language, draft)


async def send_test(
    database: Database, settings: TrialSettings, trial: Trial, shown: Preview, person_id: str
) -> str:
    """Send a preview to a person of the office; returns their name. The ledger does not list it.

    Raises ``NothingToTry``, and the sender's ``Transient``, ``Permanent`` and ``Unknown``.
    """
    async with database.reading() as session:
        person = await show_person(session, person_id)
        stored = await show_programme(session, trial.programme_id, None)
    if person is None:
        raise NothingToTry("person", person_id)
    if stored is None:
        raise NothingToTry("programme", trial.programme_id)
    _, titles = await parsed_in_thread(stored.source)
    rendered = shown.rendered
    email = Email(
        notification_id=new_id("tst"),
        kind=trial.kind.name,
        to_name=person.name,
        to_email=person.email,
        from_name=titles.office,
        from_email=titles.mail_from or settings.mail_from,
        reply_to=titles.reply_to,
        subject=fill(entry("template")["test_subject"], {"subject": rendered.subject}),
        text=rendered.text,
        html=rendered.html,
    )
    sender = sender_for(settings, database)
    try:
        await sender.send(email)
    finally:
        await sender.close()
    return person.name
