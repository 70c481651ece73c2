"""The steps of sending one email: claim it, hand it over, mark it. No email leaves twice."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.rendering import Rendered
from notifications.custom_templates.writing import Written
from notifications.delivery import ledger
from notifications.delivery.batching import take_turn
from notifications.delivery.blackouts import BLACKOUT
from notifications.delivery.recipient import Quiet
from notifications.senders.protocol import (
    Accepted,
    Email,
    Overtaken,
    Permanent,
    Sender,
    Transient,
    Unknown,
)
from programmes.calendar import WorkingCalendar
from storage.database import Database
from storage.sql import notifications

log = structlog.get_logger(__name__)

_PATIENCE = (0.2, 1.0, 3.0)
"""Seconds between attempts to mark an email while the database is down. A sent email that cannot
be marked becomes ``unknown``."""

_WORTH_NOTING = timedelta(hours=1)
"""Shorter waits are not noted: the email is tried again before a user looks."""

GIVE_UP_AFTER = timedelta(days=7)
"""How long one email is tried. An email that waits keeps its engagement from completing."""

OPENING_TOLERANCE = timedelta(seconds=5)
"""Clocks differ, so an email for the opening of a window may leave this much earlier."""


class OfficeSettings(Protocol):
    """The settings that an email is written with."""

    @property
    def public_url(self) -> str:
        """Where the links of an email lead."""

    @property
    def mail_from(self) -> str:
        """The address that emails come from."""

    @property
    def unknown_after(self) -> float:
        """Seconds until a summary reports an email whose arrival is unknown."""


class Claimed(Protocol):
    """A notification that this attempt sends."""

    @property
    def id(self) -> str:
        """The notification."""

    @property
    def delivery(self) -> int:
        """The attempt."""


class Outcome(Enum):
    """The result of an attempt."""

    DONE = "done"
    PASSED_ON = "passed_on"
    """The recipient left, so the same record now has notifications for their successors."""


About = TypeVar("About")
Mine = TypeVar("Mine", bound=Claimed)


def require_window(calendar: WorkingCalendar, now: datetime) -> None:
    """Raise ``Quiet`` in a blackout or outside the recipient's sending hours, so that no retry
    arrives at night."""
    waits = calendar.next_send_instant(now) - now
    if waits > OPENING_TOLERANCE:
        raise Quiet(BLACKOUT if calendar.blackout_ahead(now) else "outside_window", waits)


@dataclass(frozen=True)
class Sending(ABC, Generic[About, Mine]):
    """Sends one notification at a time. A subclass decides which are true, and writes them.

    An attempt may be cut off between sending and marking. The next one asks the sender what became
    of it. Where the sender cannot tell, the email is ``unknown`` and is never sent again blindly.
    """

    database: Database
    sender: Sender
    office: OfficeSettings
    clock: Callable[[], datetime]

    @abstractmethod
    async def _decide(
        self, session: AsyncSession, held: ledger.Held, about: About
    ) -> Mine | Outcome:
        """Claim it if it is open and true; otherwise withhold it. Raises ``Transient``."""

    def _batching_recipient(self, held: ledger.Held, about: About) -> str:
        """The recipient whose other notifications may join this email; empty for none."""
        return ""

    @abstractmethod
    def _write(self, claimed: Mine) -> Written:
        """Fill in the templates."""

    @abstractmethod
    def _email(self, claimed: Mine, rendered: Rendered) -> Email:
        """Address the email."""

    async def send(self, notification_id: str, about: About) -> Outcome:
        """Send it if it is open and still true. Raises ``Transient`` if it has to wait.

        A repeated attempt returns ``PASSED_ON`` again: the earlier attempt may have been cut off.
        """
        try:
            claimed = await self._claim(notification_id, about)
        except Transient as refusal:
            async with self.database.transaction() as session:
                await _note_wait(session, notification_id, refusal, self.clock())
            raise
        if isinstance(claimed, Outcome):
            return claimed
        await self._hand_over(claimed)
        return Outcome.DONE

    async def abandon(self, notification_id: str, reason: str, since: datetime) -> bool:
        """Fail an email that could not be sent for ``GIVE_UP_AFTER``; returns whether it has.

        The time counts from the first refusal, or else from ``since``, and not before the end of a
        wait for the recipient's day or hours. A manager then finds the email among those in
        trouble, and may send it again. An attempt that was cut off is not failed: its email may
        have left, which the next attempt finds out.
        """
        now = self.clock()
        async with self.database.transaction() as session:
            held = await ledger.look(session, notification_id)
            began = await ledger.first_refusal(session, held) or since
            # A blackout of weeks is no trouble. A time still to come is the sender's own wish.
            if held.waits_until is not None and held.waits_until <= now:
                began = max(began, held.waits_until)
            if now - began < GIVE_UP_AFTER:
                return False
            if not held.open or held.interrupted is not None:
                return False
            return await ledger.advance(session, notification_id, "failed", reason, now)

    async def _hand_over(self, claimed: Mine) -> None:
        try:
            written = self._write(claimed)
            email = self._email(claimed, written.rendered)
        except Exception as error:  # one broken email must not stop the others
            # The error's text may quote a name, so only its type is logged.
            log.error("rendering_failed", notification=claimed.id, error=type(error).__name__)
            await self._mark(claimed, "failed", "permanent", "rendering")
            return
        if written.trouble:
            async with self.database.transaction() as session:
                await _note_template(session, claimed.id, written)
        try:
            accepted = await self.sender.send(email)
        except Overtaken:
            # A later attempt has taken over this email.
            log.info("overtaken", notification=claimed.id)
        except Transient as error:
            async with self.database.transaction() as session:
                await ledger.close_delivery(
                    session, claimed.delivery, "transient", detail=error.reason
                )
            raise
        except Permanent as error:
            await self._mark(claimed, "failed", "permanent", error.reason)
        except Unknown as error:
            await self._mark(claimed, "unknown", "unknown", error.reason)
        except Exception as error:
            # The sender raised what its protocol does not allow, so the email may have left.
            log.error("sender_broke", notification=claimed.id, error=type(error).__name__)
            await self._mark(claimed, "unknown", "unknown", "sender_broke")
        else:
            await self._mark(
                claimed,
                "accepted" if accepted.sends else "withheld",
                "accepted",
                "" if accepted.sends else "sandbox",
                provider_id=accepted.provider_id,
            )

    async def _claim(self, notification_id: str, about: About) -> Mine | Outcome:
        """Claim it for this attempt, unless it is done or outdated.

        An open attempt is resolved first. While it may still send the email, the notification is
        neither withheld nor claimed again.
        """
        turn = ""
        while True:
            async with self.database.transaction() as session:
                if turn:
                    await take_turn(session, turn)
                held = await ledger.look(session, notification_id)
                if held.interrupted is None:
                    # Where others may be batched, lock the recipient before their notifications.
                    if turn or not (turn := self._batching_recipient(held, about)):
                        return await self._decide(session, held, about)
                    continue
                await ledger.overtake(session, held.interrupted)
            if not await self._recover(held.id, held.interrupted):
                return Outcome.DONE

    async def _recover(self, notification_id: str, delivery: int) -> bool:
        """Resolve an attempt that was cut off; returns whether the email may be sent now."""
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
        # An attempt that arrived keeps its note.
        found = "" if accepted is not None else unknown or "interrupted"
        async with self.database.transaction() as session:
            await ledger.look(session, notification_id)
            said = await ledger.close_delivery(
                session, delivery, outcome, provider_id=provider_id, detail=found
            )
            # An overtaken attempt may have ended meanwhile; its own result counts.
            if state and said:
                await ledger.advance(session, notification_id, state, unknown, self.clock())
        return not (state and said)

    async def _mark(
        self, claimed: Claimed, state: str, outcome: str, reason: str = "", *, provider_id: str = ""
    ) -> None:
        for patience in (*_PATIENCE, None):
            try:
                async with self.database.transaction() as session:
                    # Always lock the notification before its delivery, to avoid deadlocks.
                    await ledger.advance(session, claimed.id, state, reason, self.clock())
                    await ledger.close_delivery(
                        session, claimed.delivery, outcome, provider_id=provider_id, detail=reason
                    )
                break
            except OperationalError:
                if patience is None:
                    raise
                await asyncio.sleep(patience)
        if state != "accepted":
            log.warning("not_accepted", notification=claimed.id, state=state, reason=reason)


async def _note_wait(
    session: AsyncSession, notification_id: str, refusal: Transient, now: datetime
) -> None:
    """Note why it waits and until when, if it waits long for the recipient's day or hours."""
    if refusal.retry_after is None or refusal.retry_after < _WORTH_NOTING:
        return
    c = notifications.c
    await session.execute(
        update(notifications)
        .where(c.id == notification_id, c.state.in_(("reserved", "claimed")))
        .values(waits_until=now + refusal.retry_after, reason=refusal.reason)
    )


async def _note_template(session: AsyncSession, notification_id: str, written: Written) -> None:
    """Note which templates the email is written from, where the planned ones could not be used."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(template=written.template, template_trouble=written.trouble)
    )
