"""Sends summaries. Each is checked and written just before it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.programme import newest_definition
from notifications.content.rendering import Rendered
from notifications.content.scene import Who, read_recipient
from notifications.custom_templates.draft import Override
from notifications.custom_templates.writing import Written, named_versions, overrides_of, write
from notifications.delivery import ledger
from notifications.delivery.preferences import choices_and_suppression, unsubscribe_link
from notifications.delivery.recipient import note_address, require_open_day
from notifications.delivery.sending import Outcome, Sending, require_window
from notifications.digests.content import (
    DigestReader,
    MemberDigest,
    TeamDigest,
    member_digest,
    team_digest,
)
from notifications.senders.protocol import Email
from notifications.words import Titles, languages_of, titles_of
from programmes.calendar import WorkingCalendar, blackouts_from_json, calendar_from_json
from programmes.definition import Definition
from programmes.holidays import office_calendar
from programmes.vocabulary import Language
from storage.roles import CONTACT_PREFIX
from storage.sql import contacts, engagements, members

_AHEAD = timedelta(days=60)

Letters = Mapping[Language, TeamDigest] | Mapping[Language, MemberDigest]
"""A summary's context in each language."""


@dataclass(frozen=True)
class Place:
    """A recipient's calendar; and for a contact, their member and its engagement."""

    calendar: WorkingCalendar
    member_id: str = ""
    member: str = ""
    engagement_id: str = ""


@dataclass(frozen=True)
class ClaimedDigest:
    """A summary that this attempt sends."""

    id: str
    delivery: int
    kind: str
    who: Who
    programme_id: str
    titles: Titles
    languages: tuple[Language, ...]
    letters: Letters
    overrides: Mapping[Language, Override]
    """The office's own templates."""


@dataclass(frozen=True)
class DigestSending(Sending[None, ClaimedDigest]):
    """Sends one summary at a time, with what is true as it leaves. An empty one is withheld."""

    secret: str = field(default="", repr=False)
    """Signs the unsubscribe link; without it there is no link."""

    async def give_up(self, notification_id: str, reason: str) -> None:
        """Withhold a summary that has not left.

        An open attempt is resolved first. If it may have sent the summary, that is ``unknown``.
        """
        while True:
            async with self.database.transaction() as session:
                held = await ledger.look(session, notification_id)
                if held.interrupted is None:
                    if held.open:
                        await ledger.advance(session, held.id, "withheld", reason, self.clock())
                    return
                await ledger.overtake(session, held.interrupted)
            if not await self._recover(held.id, held.interrupted):
                return

    async def _decide(
        self, session: AsyncSession, held: ledger.Held, about: None
    ) -> ClaimedDigest | Outcome:
        if not held.open:
            return Outcome.DONE
        now = self.clock()
        claimed = await self._check(session, held, now)
        if isinstance(claimed, ClaimedDigest):
            return claimed
        await ledger.advance(session, held.id, "withheld", claimed, now)
        return Outcome.DONE

    async def _check(
        self, session: AsyncSession, held: ledger.Held, now: datetime
    ) -> ClaimedDigest | str:
        """Claim the summary; or return the reason to withhold it."""
        who = await read_recipient(session, held.recipient_id)
        if who is None or not who.active:
            return "recipient_left"
        programme_id = held.item_id.removesuffix(f".{held.kind}")
        definition = await newest_definition(session, programme_id)
        place = await _place(session, definition, who, now) if definition else None
        if definition is None or place is None:
            return "engagement_closed"
        chosen, suppressed = await choices_and_suppression(session, who.id, who.email)
        if not chosen.digests:
            return "opted_out"
        if suppressed:
            return "suppressed"
        require_open_day(chosen, place.calendar, now)
        require_window(place.calendar, now)
        letters = await self._letters(session, definition, who, place, now)
        if not any(letter.has_content for letter in letters.values()):
            return "nothing_to_say"
        languages = languages_of(chosen.language)
        overrides = await overrides_of(session, programme_id, held.kind)
        templates = named_versions(languages, overrides)
        delivery = await ledger.claim(session, held, self.sender.name, now, templates)
        await note_address(session, held.id, who)
        titles = titles_of(definition, languages[0])
        return ClaimedDigest(
            held.id,
            delivery,
            held.kind,
            who,
            programme_id,
            titles,
            languages,
            letters,
            overrides,
        )

    async def _letters(
        self, session: AsyncSession, definition: Definition, who: Who, place: Place, now: datetime
    ) -> Letters:
        reader = DigestReader(
            who,
            place.member_id,
            place.member,
            place.engagement_id,
            self.office.public_url.rstrip("/"),
            self._unsubscribe(who.id),
        )
        if place.member_id:
            return await member_digest(session, definition, reader, now)
        unknown_after = timedelta(seconds=self.office.unknown_after)
        return await team_digest(session, definition, reader, now, unknown_after)

    def _write(self, claimed: ClaimedDigest) -> Written:
        contexts = {language: claimed.letters[language] for language in claimed.languages}
        return write(claimed.kind, contexts, claimed.overrides)

    def _email(self, claimed: ClaimedDigest, rendered: Rendered) -> Email:
        return Email(
            notification_id=claimed.id,
            kind=claimed.kind,
            to_name=claimed.who.name,
            to_email=claimed.who.email,
            from_name=claimed.titles.office,
            from_email=claimed.titles.mail_from or self.office.mail_from,
            reply_to=claimed.titles.reply_to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            programme=claimed.programme_id,
            unsubscribe=self._unsubscribe(claimed.who.id),
            attempt=claimed.delivery,
        )

    def _unsubscribe(self, holder_id: str) -> str:
        if not self.secret:
            return ""
        return unsubscribe_link(self.office.public_url, self.secret, holder_id)


async def _place(
    session: AsyncSession, definition: Definition, who: Who, now: datetime
) -> Place | None:
    """``None`` if a contact's member has no open engagement in the programme."""
    if not who.id.startswith(CONTACT_PREFIX):
        today = now.date()
        return Place(office_calendar(definition, first=today, last=today + _AHEAD))
    query = (
        select(
            *(engagements.c.id, engagements.c.calendar),
            *(members.c.id, members.c.name, members.c.blackouts),
        )
        .select_from(
            contacts.join(members, members.c.id == contacts.c.member_id).join(
                engagements, engagements.c.member_id == members.c.id
            )
        )
        .where(
            contacts.c.id == who.id,
            engagements.c.programme_id == definition.id,
            engagements.c.closed_at.is_(None),
        )
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    calendar = calendar_from_json(row[1]).with_blackouts(blackouts_from_json(row[4]))
    return Place(calendar, row[2], row[3], row[0])
