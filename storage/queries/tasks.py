"""Open tasks: of one engagement, or of one person over all of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, instant, page_of
from storage.queries.rows import (
    MemberRow,
    TaskRow,
    member_columns,
    member_row,
    task_columns,
    task_row,
    with_owner,
)
from storage.sql import engagements, items, members, tasks


@dataclass(frozen=True)
class ListedTask:
    """A task with its member and the version of its programme."""

    task: TaskRow
    member: MemberRow
    programme_id: str
    programme_version: int


async def engagement_tasks(
    session: AsyncSession,
    engagement_id: str,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[ListedTask]:
    """The open tasks of an engagement, the earliest due first. Raises ``BadCursor``."""
    where = tasks.c.engagement_id == engagement_id
    return await _tasks(session, where, cursor, limit, visible_to)


async def my_tasks(
    session: AsyncSession,
    holder_id: str,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[ListedTask]:
    """The open tasks of a person or contact in all engagements, by id or by role.

    The earliest due comes first. Raises ``BadCursor``.

    A role's holder is resolved when it is written and when master data changes, so this is one
    index.
    """
    return await _tasks(session, tasks.c.owner_id == holder_id, cursor, limit, visible_to)


async def _tasks(
    session: AsyncSession,
    where: ColumnElement[bool],
    cursor: str | None,
    limit: int,
    visible_to: Visibility,
) -> Page[ListedTask]:
    limit, c = clamp(limit), tasks.c
    source = with_owner(
        tasks.join(items, items.c.id == c.item_id)
        .join(engagements, engagements.c.id == c.engagement_id)
        .join(members, members.c.id == engagements.c.member_id)
    )
    statement = (
        select(
            *task_columns(),
            *member_columns(),
            *(engagements.c.programme_id, engagements.c.programme_version),
        )
        .select_from(source)
        .where(where, visible_to.of_engagements())
    )
    if cursor is not None:
        at = decode(cursor, due=str, item=str, key=str)
        position = [instant(at["due"]), at["item"], at["key"]]
        statement = statement.where(beyond([c.due_at, c.item_id, c.key], position))
    found = await session.execute(statement.order_by(c.due_at, c.item_id, c.key).limit(limit + 1))
    rows = [
        ListedTask(task_row(row), member_row(row), row.programme_id, row.programme_version)
        for row in found
    ]
    return page_of(rows, limit, lambda last: _cursor(last.task.due_at, last.task))


def _cursor(due: datetime, task: TaskRow) -> str:
    return encode(due=due.isoformat(), item=task.item_id, key=task.key)
