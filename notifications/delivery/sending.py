"""One email's way out: claimed, handed over, marked; never two, never none."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import ledger
from notifications.delivery.batching import take_turn
from notifications.delivery.recipient import Quiet
from notifications.delivery.stalled import note_wait
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

log = structlog.get_logger(__name__)

_PATIENCE = (0.2, 1.0, 3.0)
"""Seconds to wait for a database that is away: what is sent and not marked becomes unknown."""

OPENING_TOLERANCE = timedelta(seconds=5)
"""Clocks differ: what is sent for the opening of a window may come a little before it."""


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
        """Seconds until a summary calls an email trouble of which nobody knows whether it came."""


class Claimed(Protocol):
    """A notification that is this attempt's to send."""

    @property
    def id(self) -> str:
        """The notification."""

    @property
    def delivery(self) -> int:
        """The attempt."""


@dataclass(frozen=True)
class Ready:
    """An email as it is handed over."""

    email: Email
    template: str = ""
    """Which templates it is written from, where others could not be used."""
    trouble: str = ""
    """Why they could not: a named reason."""


class Outcome(Enum):
    """What an attempt leaves behind."""

    DONE = "done"
    PASSED_ON = "passed_on"
    """It is for somebody else now: others of its record were reserved in its place."""


About = TypeVar("About")
Mine = TypeVar("Mine", bound=Claimed)


def require_window(calendar: WorkingCalendar, now: datetime) -> None:
    """Raise ``Quiet`` outside the reader's sending window: a retry must not write at night."""
    waits = calendar.next_send_instant(now) - now
    if waits > OPENING_TOLERANCE:
        raise Quiet("outside_window", waits)


@dataclass(frozen=True)
class Handover(ABC, Generic[About, Mine]):
    """Sends one notification at a time; whoever inherits says which are true, and writes them.

    An attempt that was cut off between sending and marking is looked up with the sender, where
    that can tell, and is otherwise ``unknown``: it is never repeated blindly.
    """

    database: Database
    sender: Sender
    office: OfficeSettings
    clock: Callable[[], datetime]

    @abstractmethod
    async def _claim(
        self, session: AsyncSession, held: ledger.Held, about: About
    ) -> Mine | Outcome:
        """Claim it, if it is open and true; withhold it, if not. Raises ``Transient``."""

    def _turn_of(self, held: ledger.Held, about: About) -> str:
        """The recipient whose other notifications may come into it; empty where none may."""
        return ""

    @abstractmethod
    def _write(self, taken: Mine) -> Ready:
        """Write the email."""

    async def send(self, notification_id: str, about: About) -> Outcome:
        """Send it if it is open and still true. Raises ``Transient`` if it has to wait.

        Also a repeated attempt hears of what was passed on: whoever did it may be gone."""
        try:
            taken = await self._take(notification_id, about)
        except Transient as refusal:
            async with self.database.transaction() as session:
                await note_wait(session, notification_id, refusal, self.clock())
            raise
        if isinstance(taken, Outcome):
            return taken
        await self._hand_over(taken)
        return Outcome.DONE

    async def _hand_over(self, taken: Mine) -> None:
        try:
            written = self._write(taken)
        except Exception as error:  # whatever is wrong with one email must not stop the others
            # The error's own words may quote a name: its type has to do.
            log.error("rendering_failed", notification=taken.id, error=type(error).__name__)
            await self._mark(taken, "failed", "permanent", "rendering")
            return
        if written.trouble:
            async with self.database.transaction() as session:
                await ledger.note_template(session, taken.id, written.template, written.trouble)
        try:
            accepted = await self.sender.send(written.email)
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

    async def _take(self, notification_id: str, about: About) -> Mine | Outcome:
        """Claim it for this attempt, unless it is done, or is not true any more.

        Another attempt that is open is never passed by: as long as it may hand the email over,
        nothing is withheld and nothing claimed anew.
        """
        turn = ""
        while True:
            async with self.database.transaction() as session:
                if turn:
                    await take_turn(session, turn)
                held = await ledger.look(session, notification_id)
                if held.interrupted is None:
                    # Where others may be gathered, the recipient's turn comes before their rows.
                    if turn or not (turn := self._turn_of(held, about)):
                        return await self._claim(session, held, about)
                    continue
                await ledger.overtake(session, held.interrupted)
            if not await self._recover(held.id, held.interrupted):
                return Outcome.DONE

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
        # What was noted about an attempt that arrived stays.
        found = "" if accepted is not None else unknown or "interrupted"
        async with self.database.transaction() as session:
            await ledger.look(session, notification_id)
            said = await ledger.close_delivery(
                session, delivery, outcome, provider_id=provider_id, detail=found
            )
            # An attempt that was overtaken may have come to its own end meanwhile: it knows better.
            if state and said:
                await ledger.advance(session, notification_id, state, unknown, self.clock())
        return not (state and said)

    async def _mark(
        self, taken: Claimed, state: str, outcome: str, reason: str = "", *, provider_id: str = ""
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
