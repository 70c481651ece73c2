"""The emails that records reserve: checked whether they are true, and written, as they leave."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar import entries as standing_entries
from notifications.calendar.entries import CALLED_OFF, CARRYING, LIFTS
from notifications.calendar.invitations import Drafted, draft, read_turns, stands_no_more
from notifications.content.message import Occasion
from notifications.content.scene import Scene
from notifications.custom_templates.draft import Override
from notifications.custom_templates.writing import Written, named_versions, overrides_of, write
from notifications.delivery import ledger
from notifications.delivery.batching import Gathering, catch_up, is_late
from notifications.delivery.checks import Fit, Unfit, judge
from notifications.delivery.role_changes import ROLE_PASSED, hand_on
from notifications.delivery.sending import Handover, Outcome, Ready, require_window
from notifications.inbound.address import ReplyAddresses
from notifications.inbound.taking import UNVERIFIED
from notifications.kinds import CATCH_UP, KINDS, Kind
from notifications.languages import Language, languages_of
from notifications.senders.protocol import Email, Transient

_ONE_EMAIL = timedelta(seconds=15)
"""Longer than one email takes to be handed over."""


@dataclass(frozen=True)
class _Dated:
    """An email with what it does to its reader's calendar; or why it is withheld."""

    occasion: Occasion
    part: Drafted | None
    reason: str = ""


@dataclass(frozen=True)
class Taken:
    """A notification that is this attempt's to send."""

    id: str
    delivery: int
    kind: Kind
    occasion: Occasion
    held: ledger.Held
    part: Drafted | None
    """What it puts into its reader's calendar, or takes out."""
    languages: tuple[Language, ...]
    """Those that the recipient reads, the first one first."""
    overrides: Mapping[Language, Override]
    """The office's own templates."""


def _ended(reason: str) -> Outcome:
    return Outcome.PASSED_ON if reason == ROLE_PASSED else Outcome.DONE


@dataclass(frozen=True)
class Dispatch(Handover[Scene, Taken]):
    """Sends what a record reserved, if it is still true."""

    replies: ReplyAddresses | None = None
    """Where answers to emails about items go; ``None`` where no answers are taken."""

    def _turn_of(self, held: ledger.Held, about: Scene) -> str:
        return held.recipient_id if held.open and is_late(held, about, self.clock()) else ""

    async def _claim(
        self, session: AsyncSession, held: ledger.Held, about: Scene
    ) -> Taken | Outcome:
        if not held.open:
            return _ended(held.reason)
        now = self.clock()
        if held.kind in CARRYING:
            await standing_entries.hold_still(session, held.engagement_id)
        mine = await judge(session, held, about, self.office.public_url, now)
        if isinstance(mine, Fit):
            require_window(mine.occasion.readers_calendar, now)
        found = await Gathering(session, self.office.public_url, now).of(held, about, mine)
        if not found:
            assert isinstance(mine, Unfit)
            reason = mine.reason
            if reason == "recipient_left":
                reason = await hand_on(session, held, now)
            await ledger.advance(session, held.id, mine.state, reason, now)
            return _ended(reason)
        kind, occasion = found[0].kind, found[0].occasion
        if len(found) > 1 or found[0] is not mine:
            kind, occasion = KINDS[CATCH_UP], catch_up(found)
            require_window(occasion.readers_calendar, now)
        languages = languages_of(found[0].language)
        dated = await self._dated(session, held, occasion.in_language(languages[0]), now)
        if dated.reason:
            await ledger.advance(session, held.id, "withheld", dated.reason, now)
            return Outcome.DONE
        overrides = await overrides_of(session, about.programme_id, kind.name)
        templates = named_versions(languages, overrides)
        note = mine.reason if isinstance(mine, Unfit) else mine.restated
        delivery = await ledger.claim(session, held, self.sender.name, now, templates, note)
        await self._note_part(session, held, dated, now)
        return Taken(
            held.id, delivery, kind, dated.occasion, held, dated.part, languages, overrides
        )

    async def _dated(
        self, session: AsyncSession, held: ledger.Held, it: Occasion, now: datetime
    ) -> _Dated:
        """What the email does to its reader's calendar. Raises ``Transient`` while an email that
        it would contradict is on its way."""
        if held.kind not in CARRYING:
            return _Dated(it, None)
        turns = await read_turns(session, held.kind, held.item_id)
        if over := stands_no_more(held.kind, turns):
            return _Dated(it, None, over)
        entry = None
        if held.kind in LIFTS:
            entry = await standing_entries.entry_of(session, held.item_id, it.recipient.id)
            if entry is not None and entry.under_way:
                raise Transient("invitation_under_way", _ONE_EMAIL)
        part = draft(it, turns, entry, held.sequence, self._sent_by(it.scene), now)
        if held.kind in CALLED_OFF and part is None:
            return _Dated(it, None, "not_invited")
        lifted = part.start if part is not None and held.kind in LIFTS else ""
        return _Dated(replace(it, entry=lifted), part)

    async def _note_part(
        self, session: AsyncSession, held: ledger.Held, dated: _Dated, now: datetime
    ) -> None:
        if dated.part is not None:
            await standing_entries.keep(
                session,
                held.id,
                dated.occasion.recipient.id,
                item_id=held.item_id,
                method=dated.part.method,
                sequence=dated.part.entry.sequence,
                start=dated.part.start,
                now=now,
            )

    def _sent_by(self, scene: Scene) -> str:
        return scene.titles.mail_from or self.office.mail_from

    def _write(self, taken: Taken) -> Ready:
        written = self._written(taken)
        return Ready(self._email(taken, written), written.template, written.trouble)

    def _written(self, taken: Taken) -> Written:
        contexts = {
            language: taken.kind.build(taken.occasion.in_language(language))
            for language in taken.languages
        }
        return write(taken.kind.name, contexts, taken.overrides)

    def _email(self, taken: Taken, written: Written) -> Email:
        occasion = taken.occasion.in_language(taken.languages[0])
        scene, recipient, rendered = occasion.scene, occasion.recipient, written.rendered
        return Email(
            notification_id=taken.id,
            kind=taken.kind.name,
            to_name=recipient.name,
            to_email=recipient.email,
            from_name=scene.titles.office,
            from_email=self._sent_by(scene),
            reply_to=self._reply_to(taken),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            programme=scene.programme_id,
            attempt=taken.delivery,
            invitation=taken.part.invitation if taken.part else None,
        )

    def _reply_to(self, taken: Taken) -> str:
        """An answer about an item goes to its timeline; any other to the programme's office, as
        does one to what nobody knows who wrote: two machines would go on for ever."""
        of_item = taken.held.item_id != taken.held.engagement_id and not taken.occasion.carries
        of_item &= taken.occasion.fact(UNVERIFIED) is None
        if self.replies is None or not of_item:
            return taken.occasion.scene.titles.reply_to
        return self.replies.address(taken.id)
