"""What an operator watches: engagements that run, tasks that are overdue, emails in trouble."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.troubles import count_troubles
from storage.queries.waiting import A_WHILE
from storage.sql import engagements, notifications, tasks

STAGES = ("onboarding", "active", "completing")
"""The stages of engagements that run."""


@dataclass(frozen=True)
class Figures:
    """The office at one instant."""

    engagements: Mapping[str, int]
    """Open ones, by stage."""
    tasks: int
    tasks_overdue: int
    tasks_stuck: int
    """Those whose ladder of reminders has ended."""
    emails_late: int
    """Reserved or under way for longer than ``A_WHILE`` after their time."""
    emails_unknown: int
    """Perhaps sent; a person has to decide."""
    emails_in_trouble: int
    """All that the office's list of emails in trouble shows."""


async def figures(session: AsyncSession, now: datetime, unknown_after: timedelta) -> Figures:
    """Count, in four statements whatever the size of the office."""
    e, t, n = engagements.c, tasks.c, notifications.c
    staged = await session.execute(
        select(e.stage, func.count()).where(e.closed_at.is_(None)).group_by(e.stage)
    )
    by_stage = {row.stage: row[1] for row in staged}
    overdue = func.count().filter(t.due_at <= now)
    stuck = func.count().filter(t.stuck_at <= now)
    tasks_open, tasks_overdue, tasks_stuck = (
        await session.execute(select(func.count(), overdue, stuck).select_from(tasks))
    ).one()
    is_open = n.state.in_(("reserved", "claimed", "unknown"))
    late = func.count().filter(_is_late(now))
    unknown = func.count().filter(n.state == "unknown", n.resolved_at.is_(None))
    emails_late, emails_unknown = (
        await session.execute(select(late, unknown).where(is_open))
    ).one()
    trouble = await count_troubles(session, now, unknown_after)
    return Figures(
        engagements={stage: by_stage.get(stage, 0) for stage in STAGES},
        tasks=tasks_open,
        tasks_overdue=tasks_overdue,
        tasks_stuck=tasks_stuck,
        emails_late=emails_late,
        emails_unknown=emails_unknown,
        emails_in_trouble=sum(trouble.values()),
    )


def _is_late(now: datetime) -> ColumnElement[bool]:
    n, since = notifications.c, now - A_WHILE
    return and_(
        n.state.in_(("reserved", "claimed")),
        n.changed_at <= since,
        or_(n.not_before.is_(None), n.not_before <= since),
        or_(n.waits_until.is_(None), n.waits_until <= since),
    )
