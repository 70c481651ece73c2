"""Sends the emails that records reserve. Each is checked and written just before it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar import entries
from notifications.calendar.entries import REMOVES, WITH_CALENDAR
from notifications.calendar.invitations import CalendarPart, calendar_part
from notifications.content.message import Message
from notifications.content.rendering import Rendered
from notifications.content.scene import Scene
from notifications.custom_templates.draft import Override
from notifications.custom_templates.writing import Written, named_versions, overrides_of, write
from notifications.delivery import ledger
from notifications.delivery.batching import Batching, catch_up, is_late
from notifications.delivery.checks import Fit, Unfit, check_message
from notifications.delivery.reassignment import ROLE_PASSED, reserve_for_successors
from notifications.delivery.recipient import note_address
from notifications.delivery.sending import Outcome, Sending, require_window
from notifications.inbound.address import ReplyAddresses
from notifications.inbound.taking import UNVERIFIED
from notifications.kinds import CATCH_UP, KINDS, Kind
from notifications.senders.protocol import Email
from programmes.vocabulary import Language


@dataclass(frozen=True)
class ClaimedMessage:
    """A message that this attempt sends."""

    held: ledger.Held
    delivery: int
    kind: Kind
    message: Message
    part: CalendarPart | None
    """What it adds to the recipient's calendar, or removes from it."""
    languages: tuple[Language, ...]
    """The recipient's languages, in the order in which the email uses them."""
    overrides: Mapping[Language, Override]
    """The office's own templates."""

    @property
    def id(self) -> str:
        """The notification."""
        return self.held.id


@dataclass(frozen=True)
class Dispatch(Sending[Scene, ClaimedMessage]):
    """Sends what a record reserved, if it is still true."""

    replies: ReplyAddresses | None = None
    """Where replies to emails about items go; ``None`` where the office takes no replies."""

    def _batching_recipient(self, held: ledger.Held, about: Scene) -> str:
        return held.recipient_id if held.open and is_late(held, about, self.clock()) else ""

    async def _decide(
        self, session: AsyncSession, held: ledger.Held, about: Scene
    ) -> ClaimedMessage | Outcome:
        if not held.open:
            return _outcome(held.reason)
        now = self.clock()
        if held.kind in WITH_CALENDAR:
            await entries.lock_engagement(session, held.engagement_id)
        checked = await check_message(session, held, about, self.office.public_url, now)
        if isinstance(checked, Fit):
            require_window(checked.message.recipient_calendar, now)
        found = await Batching(session, self.office.public_url, now).of(held, about, checked)
        if not found:
            assert isinstance(checked, Unfit)
            return await self._withhold(session, held, checked.state, checked.reason, now)
        for one in found:
            # One that an earlier attempt has batched may be about a member in a new blackout.
            require_window(one.message.recipient_calendar, now)
        kind, message = found[0].kind, found[0].message
        if len(found) > 1 or found[0] is not checked:
            kind, message = KINDS[CATCH_UP], catch_up(found)
        languages = found[0].languages
        message = message.in_language(languages[0])
        part: CalendarPart | str | None = None
        if held.kind in WITH_CALENDAR:
            sent_by = self._sent_by(message.scene)
            part = await calendar_part(session, held, message, sent_by, now)
        if isinstance(part, str):
            return await self._withhold(session, held, "withheld", part, now)
        overrides = await overrides_of(session, about.programme_id, kind.name)
        templates = named_versions(languages, overrides)
        for one in found:
            await note_address(session, one.held.id, one.message.recipient)
        note = checked.reason if isinstance(checked, Unfit) else checked.note
        delivery = await ledger.claim(session, held, self.sender.name, now, templates, note)
        if part is not None:
            await entries.keep(session, held, message.recipient.id, part, now)
            if held.kind in REMOVES:
                message = replace(message, entry=part.start)
        return ClaimedMessage(held, delivery, kind, message, part, languages, overrides)

    async def _withhold(
        self, session: AsyncSession, held: ledger.Held, state: str, reason: str, now: datetime
    ) -> Outcome:
        if reason == "recipient_left":
            reason = await reserve_for_successors(session, held, now)
        await ledger.advance(session, held.id, state, reason, now)
        return _outcome(reason)

    def _write(self, claimed: ClaimedMessage) -> Written:
        contexts = {
            language: claimed.kind.build(claimed.message.in_language(language))
            for language in claimed.languages
        }
        return write(claimed.kind.name, contexts, claimed.overrides)

    def _email(self, claimed: ClaimedMessage, rendered: Rendered) -> Email:
        message = claimed.message.in_language(claimed.languages[0])
        scene, recipient = message.scene, message.recipient
        return Email(
            notification_id=claimed.id,
            kind=claimed.kind.name,
            to_name=recipient.name,
            to_email=recipient.email,
            from_name=scene.titles.office,
            from_email=self._sent_by(scene),
            reply_to=self._reply_to(claimed),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            programme=scene.programme_id,
            attempt=claimed.delivery,
            invitation=claimed.part.invitation if claimed.part else None,
        )

    def _sent_by(self, scene: Scene) -> str:
        return scene.titles.mail_from or self.office.mail_from

    def _reply_to(self, claimed: ClaimedMessage) -> str:
        """Replies about an item go to its timeline; all others go to the programme's office.

        Replies to an unverified email go to the office too. Otherwise two machines could answer
        each other for ever.
        """
        held, message = claimed.held, claimed.message
        of_item = held.item_id != held.engagement_id and not message.carries
        of_item &= message.fact(UNVERIFIED) is None
        if self.replies is None or not of_item:
            return message.scene.titles.reply_to
        return self.replies.address(claimed.id)


def _outcome(reason: str) -> Outcome:
    return Outcome.PASSED_ON if reason == ROLE_PASSED else Outcome.DONE
