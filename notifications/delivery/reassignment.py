"""Whoever takes over a role in an engagement hears of it once, with all that is theirs now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import ledger
from programmes.calendar import calendar_from_json
from programmes.facts import Notice, Record
from storage.master.teams import TakenOver
from storage.roles import LEAD
from storage.sql import notifications
from storage.tables import Engagement

NEW_IN_TEAM = "engagement.new_in_team"
NEW_LEAD = "engagement.new_lead"
"""The kinds of email: to somebody of the office, and to a member's contact."""


@dataclass(frozen=True)
class ToTell:
    """Facts of which somebody is to be told, and from when on."""

    engagement_id: str
    sequence: int
    not_before: datetime | None


async def reserve(session: AsyncSession, taken: TakenOver, now: datetime) -> ToTell:
    """Reserve the emails about it, in the transaction that changes who has the roles. Whoever has
    two of them gets one. At night they wait for the morning, like everything that people cause."""
    engagement = await session.get(Engagement, taken.engagement_id, populate_existing=True)
    assert engagement is not None
    window = calendar_from_json(engagement.calendar).next_send_instant(now)
    wait = window if window > now else None
    kind = NEW_LEAD if taken.roles == (LEAD,) else NEW_IN_TEAM
    # Whoever gets it back later hears of it again: the number makes it another notice.
    notice = Notice(kind, taken.roles, rung=str(-taken.sequence), not_before=wait)
    id = taken.engagement_id
    record = Record(id, id, taken.sequence, facts=(), tasks=None, notices=(notice,))
    await ledger.reserve(session, record, now)
    return ToTell(id, taken.sequence, wait)


async def left_untold(session: AsyncSession, now: datetime) -> list[ToTell]:
    """What should have left by now and has not: Temporal may have been away when it was written."""
    c = notifications.c
    query = (
        select(c.engagement_id, c.sequence, func.max(c.not_before))
        .where(
            c.kind.in_((NEW_IN_TEAM, NEW_LEAD)),
            c.state == "reserved",
            c.round == 0,
            or_(c.not_before.is_(None), c.not_before <= now),
            or_(c.waits_until.is_(None), c.waits_until <= now),
        )
        .group_by(c.engagement_id, c.sequence)
        .order_by(c.engagement_id, c.sequence.desc())
    )
    return [ToTell(*row) for row in await session.execute(query)]
