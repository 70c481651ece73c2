"""Which notification's email speaks for which others: rows of the ledger, and whose turn it is."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.ledger import Held, look
from notifications.states import before
from storage.roles import CONTACT_PREFIX
from storage.sql import contacts, engagements, notifications, people

COLLAPSED = "collapsed"
"""The named reason of a notification that another one carries."""

MOST = 200
"""What one email carries: nobody reads further. What goes beyond gets an email of its own."""


async def take_turn(session: AsyncSession, recipient_id: str) -> None:
    """Keep others from gathering what this recipient waits for, until the transaction ends.

    Taken before any row of the ledger is, by everybody who gathers: or two would deadlock. SQLite
    has one writer anyhow.
    """
    table = contacts if recipient_id.startswith(CONTACT_PREFIX) else people
    await session.execute(
        select(table.c.id).where(table.c.id == recipient_id).with_for_update(key_share=True)
    )


async def carried_by(session: AsyncSession, carrier_id: str) -> list[Held]:
    """What a notification carries, locked; the oldest first."""
    c = notifications.c
    query = (
        select(c.id)
        .where(c.carrier_id == carrier_id, c.state == "withheld", c.reason == COLLAPSED)
        .order_by(c.reserved_at, c.id)
    )
    return [await look(session, id) for id in (await session.execute(query)).scalars()]


async def others_open(
    session: AsyncSession, mine: Held, programme_id: str, kinds: Collection[str], now: datetime
) -> list[Held]:
    """What else of a programme should have left for the same recipient by now, locked; what
    somebody is sending is left alone.

    A row that somebody has locked is waited for: they may only be looking whether it is late.
    """
    c = notifications.c
    planned = func.coalesce(c.planned_at, c.not_before, c.reserved_at)
    query = (
        select(c.id)
        .select_from(notifications.join(engagements, engagements.c.id == c.engagement_id))
        .where(
            c.recipient_id == mine.recipient_id,
            engagements.c.programme_id == programme_id,
            c.state.in_(("reserved", "claimed")),
            c.kind.in_(sorted(kinds)),
            c.id != mine.id,
            planned <= now,
        )
        .order_by(c.reserved_at, c.id)
        .limit(MOST)
        .with_for_update(of=notifications)
    )
    ids = (await session.execute(query)).scalars().all()
    found = [await look(session, id) for id in ids]
    return [one for one in found if one.open and one.interrupted is None]


async def carry(session: AsyncSession, carrier_id: str, ids: Sequence[str], now: datetime) -> None:
    """Have these, which are open, or carried by another, carried by that one."""
    c = notifications.c
    await session.execute(
        update(notifications)
        .where(c.id.in_(ids), c.state.in_(before("withheld") | {"withheld"}))
        .values(state="withheld", reason=COLLAPSED, carrier_id=carrier_id, changed_at=now)
    )


async def let_go(session: AsyncSession, notification_id: str, reason: str, now: datetime) -> None:
    """Say why something is not carried any more: it would have been withheld by itself, too."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(reason=reason, carrier_id=None, changed_at=now)
    )
