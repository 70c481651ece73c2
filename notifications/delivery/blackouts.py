"""Emails that wait for the end of a blackout: a period in which nothing about a member leaves.

Couriers ask the member's row as an email leaves. A blackout stored meanwhile holds it. Once the
blackout is removed or shortened, the email is released, and leaves once.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import IN_TRANSIT, Waiting
from programmes.calendar import blackouts_from_json, calendar_from_json, is_office
from storage.queries.rows import AnyRow
from storage.sql import engagements, members, notifications

BLACKOUT = "blackout"
"""The reason of an email that waits for the end of a blackout."""


async def released_from_blackouts(session: AsyncSession, now: datetime) -> list[Waiting]:
    """Emails that still wait for a blackout that their member no longer has, the oldest first.

    An email that carries others waits for the members of all of them. Summaries are left out: their
    own run looks again. One statement.
    """
    c, part = notifications.c, notifications.alias("part")
    query = (
        select(c.id, c.round, c.recipient_id, engagements.c.calendar, members.c.blackouts)
        .select_from(
            notifications.join(part, or_(part.c.id == c.id, part.c.carrier_id == c.id))
            .join(engagements, engagements.c.id == part.c.engagement_id)
            .join(members, members.c.id == engagements.c.member_id)
        )
        .where(
            c.engagement_id.is_not(None),
            c.state.in_(sorted(IN_TRANSIT)),
            c.reason == BLACKOUT,
            c.waits_until > now,
        )
        .order_by(c.reserved_at, c.sequence, c.id)
    )
    found: dict[Waiting, bool] = {}
    for row in await session.execute(query):
        one = Waiting(row.id, row.round)
        found[one] = found.get(one, True) and not _holds(row, now)
    return [one for one, free in found.items() if free]


def _holds(row: AnyRow, now: datetime) -> bool:
    calendar = calendar_from_json(row.calendar)
    if is_office(row.recipient_id):
        # Its days decide whether the email leaves before the next blackout.
        calendar = calendar.for_office()
    today = calendar.with_blackouts(blackouts_from_json(row.blackouts))
    return today.blackout_ahead(now) is not None
