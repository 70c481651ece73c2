"""One email's way out: claimed, checked, written, handed over, marked; never two, never none."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import ledger
from notifications.catalogue import KINDS, Kind
from notifications.courtesy import Told, courtesy
from notifications.invitations import Turn, invitation, read_turns
from notifications.languages import Language, languages_of
from notifications.occasion import Occasion
from notifications.overrides.draft import Override
from notifications.overrides.writing import Written, named_versions, overrides_of, write
from notifications.replies.address import ReplyAddresses
from notifications.scene import Scene, read_recipient
from notifications.senders.protocol import (
    Accepted,
    Email,
    Overtaken,
    Permanent,
    Sender,
    Transient,
    Unknown,
)
from notifications.standing import read_standing
from notifications.truth import Now, untrue_because
from storage.database import Database

log = structlog.get_logger(__name__)

_PATIENCE = (0.2, 1.0, 3.0)
"""Seconds to wait for a database that is away: what is sent and not marked becomes unknown."""


class OfficeAddress(Protocol):
    """The settings that an email is written with."""

    @property
    def public_url(self) -> str:
        """Where the links of an email lead."""

    @property
    def mail_from(self) -> str:
        """The address that emails come from."""


@dataclass(frozen=True)
class Taken:
    """A notification that is this attempt's to send."""

    id: str
    delivery: int
    kind: Kind
    occasion: Occasion
    held: ledger.Held
    turns: tuple[Turn, ...]
    """What happened to the session that it may put into the recipient's calendar."""
    languages: tuple[Language, ...]
    """Those that the recipient reads, the first one first."""
    overrides: Mapping[Language, Override]
    """The office's own templates."""


OPENING_TOLERANCE = timedelta(seconds=5)
"""Clocks differ: what is sent for the opening of a window may come a little before it."""


def _require_window(occasion: Occasion, now: datetime) -> None:
    """Raise ``Transient`` outside the member's sending window: a retry must not write at night."""
    waits = occasion.calendar.next_send_instant(now) - now
    if waits > OPENING_TOLERANCE:
        raise Transient("outside_window", waits)


@dataclass(frozen=True)
class Dispatch:
    """Sends one notification at a time.

    An attempt that was cut off between sending and marking is looked up with the sender, where
    that can tell, and is otherwise ``unknown``: it is never repeated blindly.
    """

    database: Database
    sender: Sender
    office: OfficeAddress
    clock: Callable[[], datetime]
    replies: ReplyAddresses | None = None
    """Where answers to emails about items go; ``None`` where no answers are taken."""

    async def send(self, notification_id: str, scene: Scene) -> None:
        """Send it if it is open and still true. Raises ``Transient`` if it has to wait."""
        taken = await self._take(notification_id, scene)
        if taken is None:
            return
        try:
            written = self._written(taken)
            email = self._email(taken, written)
        except Exception as error:  # whatever is wrong with one email must not stop the others
            # The error's own words may quote a name: its type has to do.
            log.error("rendering_failed", notification=taken.id, error=type(error).__name__)
            await self._mark(taken, "failed", "permanent", "rendering")
            return
        if written.trouble:
            async with self.database.transaction() as session:
                await ledger.note_template(session, taken.id, written.template, written.trouble)
        try:
            accepted = await self.sender.send(email)
        except Overtaken:
            # Whoever overtook this attempt sees to the email.
            log.info("overtaken", notification=taken.id)
        except Transient as error:
            async with self.database.transaction() as session:
                await ledger.close_delivery(
                    session, taken.delivery, "transient", detail=error.reason
                )
            raise
        except Permanent as error:
            await self._mark(taken, "failed", "permanent", error.reason)
        except Unknown as error:
            await self._mark(taken, "unknown", "unknown", error.reason)
        except Exception as error:
            # A sender that breaks its promise: nobody can say how far it came.
            log.error("sender_broke", notification=taken.id, error=type(error).__name__)
            await self._mark(taken, "unknown", "unknown", "sender_broke")
        else:
            await self._mark(
                taken,
                "accepted" if accepted.sends else "withheld",
                "accepted",
                "" if accepted.sends else "sandbox",
                provider_id=accepted.provider_id,
            )

    async def _take(self, notification_id: str, scene: Scene) -> Taken | None:
        """Claim it for this attempt, unless it is done, or is not true any more.

        Another attempt that is open is never passed by: as long as it may hand the email over,
        nothing is withheld and nothing claimed anew.
        """
        while True:
            async with self.database.transaction() as session:
                held = await ledger.look(session, notification_id)
                if held.interrupted is None:
                    return await self._claim(session, held, scene)
                await ledger.overtake(session, held.interrupted)
            if not await self._recover(held.id, held.interrupted):
                return None

    async def _claim(self, session: AsyncSession, held: ledger.Held, scene: Scene) -> Taken | None:
        if not held.open:
            return None
        now = self.clock()
        kind = KINDS.get(held.kind)
        if kind is None:
            log.error("unknown_kind", notification=held.id, kind=held.kind)
            await ledger.advance(session, held.id, "failed", "unknown_kind", now)
            return None
        task = held.task or kind.task
        recipient = await read_recipient(session, held.recipient_id)
        standing = await read_standing(session, held.engagement_id, held.item_id, task)
        state = Now(
            stage=standing.stage,
            recipient_active=recipient is not None and recipient.active,
            open_revision=standing.open_revision,
        )
        reason = untrue_because(kind.rule, task, held.revision, state)
        if recipient is not None and not reason:
            occasion = Occasion(
                scene,
                recipient,
                self.office.public_url,
                kind=held.kind,
                rung=held.rung,
                task=task,
                text_id=held.text_id,
            )
            told = Told(None, "moved")
            if kind.holds(occasion):
                told = await courtesy(session, held, kind.category, occasion, now)
            if told.occasion is not None:
                _require_window(told.occasion, now)
                turns = await read_turns(session, held.kind, held.item_id)
                languages = languages_of(told.language)
                overrides = await overrides_of(session, scene.programme_id, kind.name)
                templates = named_versions(languages, overrides)
                delivery = await ledger.claim(session, held, self.sender.name, now, templates)
                return Taken(
                    held.id, delivery, kind, told.occasion, held, turns, languages, overrides
                )
            reason = told.reason
        await ledger.advance(session, held.id, "withheld", reason, now)
        return None

    async def _recover(self, notification_id: str, delivery: int) -> bool:
        """Clear up after an attempt that was cut off; whether the email may go out now."""
        accepted: Accepted | None = None
        unknown = ""
        try:
            accepted = await self.sender.recall(notification_id)
        except Unknown as error:
            unknown = error.reason
        if accepted is not None:
            outcome, state, provider_id = "accepted", "accepted", accepted.provider_id
        elif unknown:
            outcome, state, provider_id = "unknown", "unknown", ""
            log.warning("delivery_unknown", notification=notification_id, reason=unknown)
        else:
            outcome, state, provider_id = "transient", "", ""
        async with self.database.transaction() as session:
            await ledger.look(session, notification_id)
            said = await ledger.close_delivery(
                session, delivery, outcome, provider_id=provider_id, detail=unknown or "interrupted"
            )
            # An attempt that was overtaken may have come to its own end meanwhile: it knows better.
            if state and said:
                await ledger.advance(session, notification_id, state, unknown, self.clock())
        return not (state and said)

    def _written(self, taken: Taken) -> Written:
        contexts = {
            language: taken.kind.build(taken.occasion.in_language(language))
            for language in taken.languages
        }
        return write(taken.kind.name, contexts, taken.overrides)

    def _email(self, taken: Taken, written: Written) -> Email:
        occasion = taken.occasion.in_language(taken.languages[0])
        scene, recipient, rendered = occasion.scene, occasion.recipient, written.rendered
        sent_by = scene.titles.mail_from or self.office.mail_from
        return Email(
            notification_id=taken.id,
            kind=taken.kind.name,
            to_name=recipient.name,
            to_email=recipient.email,
            from_name=scene.titles.office,
            from_email=sent_by,
            reply_to=self._reply_to(taken),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            programme=scene.programme_id,
            attempt=taken.delivery,
            invitation=invitation(
                occasion,
                taken.turns,
                sequence=taken.held.sequence,
                revision=taken.held.revision,
                sent_by=sent_by,
                now=self.clock(),
            ),
        )

    def _reply_to(self, taken: Taken) -> str:
        """An answer about an item goes to its timeline; any other to the programme's office."""
        if self.replies is None or taken.held.item_id == taken.held.engagement_id:
            return taken.occasion.scene.titles.reply_to
        return self.replies.address(taken.id)

    async def _mark(
        self, taken: Taken, state: str, outcome: str, reason: str = "", *, provider_id: str = ""
    ) -> None:
        for patience in (*_PATIENCE, None):
            try:
                async with self.database.transaction() as session:
                    # The notification before its delivery, as everywhere: or two would deadlock.
                    await ledger.advance(session, taken.id, state, reason, self.clock())
                    await ledger.close_delivery(
                        session, taken.delivery, outcome, provider_id=provider_id, detail=reason
                    )
                break
            except OperationalError:
                if patience is None:
                    raise
                await asyncio.sleep(patience)
        if state != "accepted":
            log.warning("not_accepted", notification=taken.id, state=state, reason=reason)
