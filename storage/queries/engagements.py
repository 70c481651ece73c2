"""The list of engagements: filters, one page in order, and counts by health."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.vocabulary import Health
from storage.queries.access import ALL, Visibility
from storage.queries.engagement_order import Order, Part, Sort, has_health, key_name, order_of
from storage.queries.paging import LIMIT, Page, clamp, page_of
from storage.queries.rows import (
    AnyRow,
    MemberRow,
    Named,
    TaskRow,
    filled,
    health_column,
    member_columns,
    member_row,
    named,
    task_columns,
    task_row,
    with_owner,
)
from storage.sql import engagements, items, members, people, tasks
from storage.starting import PENDING

managers = people.alias("managers")
advisers = people.alias("advisers")


@dataclass(frozen=True)
class EngagementFilter:
    """Filters of the list; ``None`` filters nothing."""

    stage: str | None = None
    health: Health | None = None
    open: bool | None = None
    """Open engagements only, or ended ones only."""
    programme_id: str | None = None
    member_id: str | None = None
    manager_id: str | None = None
    text: str | None = None
    """Part of the member's or the manager's name, in any case."""


def conditions_of(
    where: EngagementFilter, now: datetime, visible_to: Visibility
) -> list[ColumnElement[bool]]:
    """The conditions of a filter, for use with the tables of ``listed``."""
    c = engagements.c
    # An engagement whose start is not recorded yet may still be removed.
    conditions = [visible_to.of_engagements(), c.stage != PENDING]
    if where.stage is not None:
        conditions.append(c.stage == where.stage)
    if where.programme_id is not None:
        conditions.append(c.programme_id == where.programme_id)
    if where.member_id is not None:
        conditions.append(c.member_id == where.member_id)
    if where.manager_id is not None:
        conditions.append(c.manager_id == where.manager_id)
    if where.health is not None:
        conditions.append(has_health(where.health, now))
    if where.open is not None:
        conditions.append(c.closed_at.is_(None) if where.open else c.closed_at.is_not(None))
    if where.text:
        conditions.append(
            or_(
                members.c.name.icontains(where.text, autoescape=True),
                managers.c.name.icontains(where.text, autoescape=True),
            )
        )
    return conditions


def listed() -> FromClause:
    """Engagements with their members and managers."""
    return engagements.join(members, members.c.id == engagements.c.member_id).outerjoin(
        managers, managers.c.id == engagements.c.manager_id
    )


def page_of_ids(conditions: list[ColumnElement[bool]], order: Order, limit: int) -> Select[Any]:
    """Ids of one page with their ``part``, and a key column for each part: ``key_name``."""
    parts = order.parts
    first = order.behind.part if order.behind else 0
    chosen = [_part(parts, number, conditions, order, limit) for number in range(first, len(parts))]
    if len(chosen) == 1:
        return chosen[0]
    together = union_all(*(select(each.subquery()) for each in chosen)).subquery()
    return select(together).order_by(*in_order(together, order)).limit(limit)


def in_order(page: FromClause, order: Order) -> list[ColumnElement[Any]]:
    """The order of a page's rows; the id makes it total."""
    keys = [page.c[key_name(number)] for number in range(len(order.parts))]
    return [page.c.part, *order.by(*keys, page.c.id)]


def _part(
    parts: list[Part],
    number: int,
    conditions: list[ColumnElement[bool]],
    order: Order,
    limit: int,
) -> Select[Any]:
    part = parts[number]
    conditions = [*conditions, *part.where]
    if order.behind is not None and order.behind.part == number:
        conditions.append(order.beyond(part, order.behind))
    # The other keys are typed, since PostgreSQL wants each column of a union to have one type.
    keys = [
        (each.key if each is part else cast(null(), each.key.type)).label(key_name(place))
        for place, each in enumerate(parts)
    ]
    return (
        select(engagements.c.id, literal(number, Integer).label("part"), *keys)
        .select_from(listed())
        .where(*conditions)
        .order_by(*order.by(part.key, engagements.c.id))
        .limit(limit)
    )


HealthGroup = Health | Literal["ended"]
"""The health of an open engagement, or ``ended``."""

WORST_FIRST: tuple[HealthGroup, ...] = (*reversed(get_args(Health)), "ended")


async def count_engagements(
    session: AsyncSession,
    now: datetime,
    *,
    where: EngagementFilter | None = None,
    visible_to: Visibility = ALL,
) -> Mapping[HealthGroup, int]:
    """How many engagements are in each group, the worst first, with zeros. One statement."""
    group = case((engagements.c.closed_at.is_not(None), "ended"), else_=health_column(now))
    each = (
        select(group.label("group"))
        .select_from(listed())
        .where(*conditions_of(where or EngagementFilter(), now, visible_to))
        .subquery()
    )
    found = await session.execute(select(each.c.group, func.count()).group_by(each.c.group))
    return dict.fromkeys(WORST_FIRST, 0) | {row[0]: row[1] for row in found}


@dataclass(frozen=True)
class EngagementRow:
    """One row of the list: the state of a member in a programme."""

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
    """The engagement's columns with its health and people; join ``managers`` and ``advisers``."""
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
    return filled(
        EngagementRow,
        row,
        **team_of(row),
        member=member_row(row),
        task=None if row.task_item_id is None else task_row(row),
    )


def team_of(row: AnyRow) -> dict[str, Named | None]:
    """The manager and the adviser of a row with ``engagement_columns``."""
    return {
        "manager": named(row.manager_id, row.manager_name),
        "adviser": named(row.adviser_id, row.adviser_name),
    }
