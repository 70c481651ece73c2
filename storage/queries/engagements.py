"""The list of engagements: filtered, sorted, a page at a time. One statement, whatever the size.

Inside, ``page`` finds the ids of one page along the indexes of the order asked for; what a page
shows is joined to these rows alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.health import Health
from storage.queries.engagement_order import Sort, order_of
from storage.queries.engagement_pages import (
    EngagementFilter,
    advisers,
    conditions_of,
    in_order,
    managers,
    page_of_ids,
)
from storage.queries.paging import LIMIT, Page, clamp, page_of
from storage.queries.rows import (
    AnyRow,
    MemberRow,
    Named,
    TaskRow,
    health_column,
    member_columns,
    member_row,
    named,
    task_columns,
    task_row,
    with_owner,
)
from storage.queries.visibility import ALL, Visibility
from storage.sql import engagements, items, members, tasks


@dataclass(frozen=True)
class EngagementRow:
    """Where one member stands in one programme."""

    id: str
    member: MemberRow
    programme_id: str
    programme_version: int
    manager: Named | None
    adviser: Named | None
    stage: str
    health: Health
    task: TaskRow | None
    """The open task that explains the health: the worst, then the earliest."""
    started_on: date
    opened_at: datetime
    onboarded_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    open_requests: int
    sequence: int


async def list_engagements(
    session: AsyncSession,
    now: datetime,
    *,
    where: EngagementFilter | None = None,
    sort: Sort = "member",
    descending: bool = False,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[EngagementRow]:
    """One page. Raises ``BadCursor``. One statement."""
    limit = clamp(limit)
    conditions = conditions_of(where or EngagementFilter(), now, visible_to)
    order = order_of(sort, cursor, now, descending=descending)
    page = page_of_ids(conditions, order, limit + 1).cte("page")
    ranked = _ranked_tasks(page, now).cte("ranked")
    source = with_owner(
        page.join(engagements, engagements.c.id == page.c.id)
        .join(members, members.c.id == engagements.c.member_id)
        .outerjoin(managers, managers.c.id == engagements.c.manager_id)
        .outerjoin(advisers, advisers.c.id == engagements.c.adviser_id)
        .outerjoin(ranked, and_(ranked.c.engagement_id == engagements.c.id, ranked.c.rank == 1))
        .outerjoin(items, items.c.id == ranked.c.item_id),
        ranked,
    )
    statement = (
        select(
            *engagement_columns(now),
            *member_columns(),
            *task_columns(ranked),
            _open_requests().label("open_requests"),
            *(column for column in page.c if column.name != "id"),
        )
        .select_from(source)
        .order_by(*in_order(page, order))
    )
    found = page_of((await session.execute(statement)).all(), limit, order.cursor)
    return Page(tuple(_row(row) for row in found.rows), found.next)


def engagement_columns(now: datetime) -> list[ColumnElement[Any]]:
    """The engagement's own columns with its health and people; wants ``managers``, ``advisers``."""
    c = engagements.c
    return [
        *(c.id, c.programme_id, c.programme_version, c.stage, c.started_on, c.opened_at),
        *(c.onboarded_at, c.closed_at, c.due_at, c.sequence, c.manager_id, c.adviser_id),
        managers.c.name.label("manager_name"),
        advisers.c.name.label("adviser_name"),
        health_column(now).label("health"),
    ]


def _ranked_tasks(page: CTE, now: datetime) -> Select[Any]:
    c = tasks.c
    worst = case((c.stuck_at <= now, 0), (c.due_at <= now, 1), (c.soon_at <= now, 2), else_=3)
    rank = func.row_number().over(
        partition_by=c.engagement_id, order_by=(worst, c.due_at, c.item_id, c.key)
    )
    return select(tasks, rank.label("rank")).join(page, page.c.id == c.engagement_id)


def _open_requests() -> ScalarSelect[int]:
    c = items.alias("requests").c
    return (
        select(func.count(c.id))
        .where(
            c.engagement_id == engagements.c.id,
            c.kind == "research",
            c.state_sequence > 0,
            c.closed_at.is_(None),
        )
        .scalar_subquery()
    )


def _row(row: AnyRow) -> EngagementRow:
    return EngagementRow(
        **engagement_values(row),
        member=member_row(row),
        task=None if row.task_item_id is None else task_row(row),
        open_requests=row.open_requests,
    )


def engagement_values(row: AnyRow) -> dict[str, Any]:
    """What ``engagement_columns`` read, by field."""
    return {
        "id": row.id,
        "programme_id": row.programme_id,
        "programme_version": row.programme_version,
        "manager": named(row.manager_id, row.manager_name),
        "adviser": named(row.adviser_id, row.adviser_name),
        "stage": row.stage,
        "health": row.health,
        "started_on": row.started_on,
        "opened_at": row.opened_at,
        "onboarded_at": row.onboarded_at,
        "closed_at": row.closed_at,
        "due_at": row.due_at,
        "sequence": row.sequence,
    }
