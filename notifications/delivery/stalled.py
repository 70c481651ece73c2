"""What should have left by now and has not: noted waits apart, nobody seems to be at work on it."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import ledger
from notifications.delivery.ledger import Held
from notifications.senders.protocol import Transient
from storage.queries.troubles import never_left
from storage.sql import notifications

LEFT_UNSENT = "left_unsent"
"""The named reason of what a person decided not to send any more."""

_WORTH_NOTING = timedelta(hours=1)
"""What waits for less is tried again long before anybody wonders."""


async def note_wait(
    session: AsyncSession, notification_id: str, refusal: Transient, now: datetime
) -> None:
    """Keep why it waits and until when, where that is long: for its reader's day or hours."""
    if refusal.retry_after is None or refusal.retry_after < _WORTH_NOTING:
        return
    c = notifications.c
    await session.execute(
        update(notifications)
        .where(c.id == notification_id, c.state.in_(("reserved", "claimed")))
        .values(waits_until=now + refusal.retry_after, reason=refusal.reason)
    )


async def is_stuck(session: AsyncSession, notification_id: str, now: datetime) -> bool:
    """Whether it has not left though it should have."""
    query = select(notifications.c.id).where(notifications.c.id == notification_id, never_left(now))
    return (await session.execute(query)).scalar_one_or_none() is not None


async def take_up(session: AsyncSession, held: Held, now: datetime) -> None:
    """Begin its next round without a step back: an attempt that may still be open stays so, and
    whoever comes next finds out what became of it before anything is handed over."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(round=held.round + 1, changed_at=now, planned_at=now, waits_until=None)
    )


async def leave(session: AsyncSession, held: Held, now: datetime) -> None:
    """Have it never sent. What somebody may have handed over already is ``unknown`` from now on."""
    if held.interrupted is None:
        await ledger.advance(session, held.id, "withheld", LEFT_UNSENT, now)
        return
    await ledger.overtake(session, held.interrupted)
    await ledger.close_delivery(session, held.interrupted, "unknown", detail="interrupted")
    await ledger.advance(session, held.id, "unknown", "interrupted", now)
