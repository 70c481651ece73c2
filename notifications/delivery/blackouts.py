"""Emails that wait for the end of a blackout: a period in which nothing about a member leaves.

Couriers ask the member's row as an email leaves. A blackout stored meanwhile holds it. Once the
blackout is removed or shortened, the email is released, and leaves once.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import IN_TRANSIT, Waiting
from programmes.calendar import blackouts_from_json, calendar_from_json
from storage.sql import engagements, members, notifications

BLACKOUT = "blackout"
"""The reason of an email that waits for the end of a blackout."""


async def released_from_blackouts(session: AsyncSession, now: datetime) -> list[Waiting]:
    """Emails that still wait for a blackout that their member no longer has, the oldest first.

    Summaries are left out: their own run looks again. One statement.
    """
    c = notifications.c
    query = (
        select(c.id, c.round, engagements.c.calendar, members.c.blackouts)
        .select_from(
            notifications.join(engagements, engagements.c.id == c.engagement_id).join(
                members, members.c.id == engagements.c.member_id
            )
        )
        .where(
            c.state.in_(sorted(IN_TRANSIT)),
            c.reason == BLACKOUT,
            c.waits_until > now,
        )
        .order_by(c.reserved_at, c.sequence, c.id)
    )
    found = []
    for row in await session.execute(query):
        blackouts = blackouts_from_json(row.blackouts)
        calendar = calendar_from_json(row.calendar).with_blackouts(blackouts)
        if calendar.blackout_ahead(now) is None:
            found.append(Waiting(row.id, row.round))
    return found
