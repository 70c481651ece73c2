"""Reads what a summary lists, in a few statements: open tasks and closed items."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.rows import (
    ItemRow,
    MemberRow,
    TaskRow,
    assignees,
    item_columns,
    item_row,
    member_columns,
    member_row,
    task_columns,
    task_row,
    with_owner,
)
from storage.sql import engagements, items, members, notifications, tasks

MOST = 50
"""The most lines of one list: a longer summary would not be read."""


@dataclass(frozen=True)
class ListedTask:
    """An open task with its member."""

    task: TaskRow
    member: MemberRow
    number: str
    """The item's number for people."""


async def tasks_for_team(
    session: AsyncSession, programme_id: str, person_id: str, now: datetime, week_end: datetime
) -> list[ListedTask]:
    """The tasks in a person's summary: their own, and those with a collected reminder.

    Also stuck tasks, and tasks due by ``week_end``, in the engagements that they manage.
    """
    return await _tasks(
        session,
        engagements.c.programme_id == programme_id,
        or_(
            tasks.c.owner_id == person_id,
            _collected(person_id),
            and_(
                engagements.c.manager_id == person_id,
                or_(tasks.c.stuck_at <= now, tasks.c.due_at <= week_end),
            ),
        ),
    )


async def tasks_of_member(
    session: AsyncSession, programme_id: str, member_id: str
) -> list[ListedTask]:
    """All open tasks of a member's engagement."""
    e = engagements.c
    return await _tasks(session, e.programme_id == programme_id, e.member_id == member_id)


async def tasks_of_engagement(session: AsyncSession, engagement_id: str) -> list[ListedTask]:
    """All open tasks of an engagement."""
    return await _tasks(session, tasks.c.engagement_id == engagement_id)


async def closed_for_member(
    session: AsyncSession, programme_id: str, member_id: str, since: datetime
) -> list[ItemRow]:
    """The items that have closed since then."""
    query = (
        select(*item_columns())
        .select_from(
            items.join(engagements, engagements.c.id == items.c.engagement_id).outerjoin(
                assignees, assignees.c.id == items.c.assignee_id
            )
        )
        .where(
            engagements.c.programme_id == programme_id,
            engagements.c.member_id == member_id,
            items.c.closed_at >= since,
        )
        .order_by(items.c.closed_at, items.c.id)
        .limit(MOST)
    )
    return [item_row(row) for row in await session.execute(query)]


def _collected(holder_id: str) -> ColumnElement[bool]:
    """Tasks with a collected reminder for the same date."""
    n = notifications.c
    reminded = select(n.item_id, n.task, n.revision).where(
        n.recipient_id == holder_id, n.state == "withheld", n.reason == "in_digest"
    )
    return tuple_(tasks.c.item_id, tasks.c.key, tasks.c.revision).in_(reminded)


async def _tasks(session: AsyncSession, *where: ColumnElement[bool]) -> list[ListedTask]:
    source = with_owner(
        tasks.join(items, items.c.id == tasks.c.item_id)
        .join(engagements, engagements.c.id == tasks.c.engagement_id)
        .join(members, members.c.id == engagements.c.member_id)
    )
    query = (
        select(*task_columns(), *member_columns(), items.c.data)
        .select_from(source)
        .where(engagements.c.closed_at.is_(None), *where)
        .order_by(tasks.c.due_at, tasks.c.item_id, tasks.c.key)
        .limit(4 * MOST)
    )
    return [
        ListedTask(task_row(row), member_row(row), str((row.data or {}).get("number", "")))
        for row in await session.execute(query)
    ]
