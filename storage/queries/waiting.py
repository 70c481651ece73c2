"""Emails that the sender did not take yet: how many, why, and since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import deliveries, notifications


@dataclass(frozen=True)
class Waiting:
    """Emails that wait for the same reason: what their last attempt came to."""

    reason: str
    count: int
    since: datetime
    """The first attempt of the one that waits longest."""


async def waiting_emails(session: AsyncSession) -> list[Waiting]:
    """What was refused for now and is tried again; the most frequent reason first."""
    n, d = notifications.c, deliveries.c
    attempts = (
        select(
            d.notification_id,
            func.max(d.id).label("last"),
            func.min(d.at).label("first_at"),
        )
        .join(notifications, n.id == d.notification_id)
        .where(n.state == "claimed", d.round == n.round)
        .group_by(d.notification_id)
        .subquery()
    )
    query = (
        select(d.detail, func.count(), func.min(attempts.c.first_at))
        .join(attempts, attempts.c.last == d.id)
        .where(d.outcome == "transient")
        .group_by(d.detail)
        .order_by(func.count().desc(), d.detail)
    )
    return [Waiting(*row) for row in await session.execute(query)]
