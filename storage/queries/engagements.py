"""The list of engagements: filters, one page in order, and counts by health."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
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
from storage.queries.engagement_order import Part, Shape, Sort, has_health, key_name, order_of
from storage.queries.paging import ESCAPE, LIMIT, Page, clamp, escaped, page_of
from storage.queries.rows import (
    NOW,
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

    @property
    def shape(self) -> "EngagementFilter":
        """The same for any value that a statement takes when it is executed."""
        names: dict[str, Any] = {name: name for name in _BOUND if getattr(self, name)}
        return replace(self, **names)

    @property
    def values(self) -> dict[str, object]:
        """The values of a statement with this shape."""
        given = {name: getattr(self, name) for name in _BOUND}
        return given | {"text": escaped(self.text) if self.text else None}


_BOUND = ("stage", "programme_id", "member_id", "manager_id", "text")
"""The filters whose values a statement takes when it is executed."""


def conditions_of(where: EngagementFilter, visible_to: Visibility) -> list[ColumnElement[bool]]:
    """The conditions of a filter, for use with the tables of ``listed``."""
    c = engagements.c
    # An engagement whose start is not recorded yet may still be removed.
    conditions = [visible_to.of_engagements(), c.stage != PENDING]
    columns = (c.stage, c.programme_id, c.member_id, c.manager_id)
    conditions += [
        column == bindparam(column.name) for column in columns if getattr(where, column.name)
    ]
    if where.health is not None:
        conditions.append(has_health(where.health, NOW))
    if where.open is not None:
        conditions.append(c.closed_at.is_(None) if where.open else c.closed_at.is_not(None))
    if where.text:
        text = bindparam("text", type_=String())
        conditions.append(
            or_(*(table.c.name.icontains(text, escape=ESCAPE) for table in (members, managers)))
        )
    return conditions


def listed() -> FromClause:
    """Engagements with their members and managers."""
    return engagements.join(members, members.c.id == engagements.c.member_id).outerjoin(
        managers, managers.c.id == engagements.c.manager_id
    )


def page_of_ids(conditions: list[ColumnElement[bool]], order: Shape) -> Select[Any]:
    """Ids of one page with their ``part``, and a key column for each part: ``key_name``."""
    parts = order.parts
    chosen = [
        _part(parts, number, conditions, order) for number in range(order.behind or 0, len(parts))
    ]
    if len(chosen) == 1:
        return chosen[0]
    together = union_all(*(select(each.subquery()) for each in chosen)).subquery()
    return select(together).order_by(*in_order(together, order)).limit(_LIMIT)


_LIMIT = bindparam("limit", type_=Integer())


def in_order(page: FromClause, order: Shape) -> list[ColumnElement[Any]]:
    """The order of a page's rows; the id makes it total."""
    keys = [page.c[key_name(number)] for number in range(len(order.parts))]
    return [page.c.part, *order.by(*keys, page.c.id)]


def _part(
    parts: list[Part],
    number: int,
    conditions: list[ColumnElement[bool]],
    order: Shape,
) -> Select[Any]:
    part = parts[number]
    conditions = [*conditions, *part.where]
    if order.behind == number:
        conditions.append(order.beyond(part))
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
        .limit(_LIMIT)
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
    where = where or EngagementFilter()
    statement = _count_statement(where.shape, visible_to.shape)
    found = await session.execute(statement, {"now": now, **where.values, **visible_to.values})
    return dict.fromkeys(WORST_FIRST, 0) | {row[0]: row[1] for row in found}


@cache
def _count_statement(where: EngagementFilter, visible_to: Visibility) -> Select[Any]:
    group = case((engagements.c.closed_at.is_not(None), "ended"), else_=health_column(NOW))
    each = (
        select(group.label("group"))
        .select_from(listed())
        .where(*conditions_of(where, visible_to))
        .subquery()
    )
    return select(each.c.group, func.count()).group_by(each.c.group)


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
    limit, where = clamp(limit), where or EngagementFilter()
    order = order_of(sort, cursor, now, descending=descending)
    values = {"now": now, "limit": limit + 1, **where.values, **order.values, **visible_to.values}
    statement = _page_statement(where.shape, order.shape, visible_to.shape)
    found = page_of((await session.execute(statement, values)).all(), limit, order.cursor)
    return Page(tuple(_row(row) for row in found.rows), found.next)


@lru_cache(maxsize=512)
def _page_statement(where: EngagementFilter, order: Shape, visible_to: Visibility) -> Select[Any]:
    page = page_of_ids(conditions_of(where, visible_to), order).cte("page")
    ranked = _ranked_tasks(page).cte("ranked")
    source = with_owner(
        page.join(engagements, engagements.c.id == page.c.id)
        .join(members, members.c.id == engagements.c.member_id)
        .outerjoin(managers, managers.c.id == engagements.c.manager_id)
        .outerjoin(advisers, advisers.c.id == engagements.c.adviser_id)
        .outerjoin(ranked, and_(ranked.c.engagement_id == engagements.c.id, ranked.c.rank == 1))
        .outerjoin(items, items.c.id == ranked.c.item_id),
        ranked,
    )
    return (
        select(
            *engagement_columns(),
            *member_columns(),
            *task_columns(ranked),
            _open_requests().label("open_requests"),
            *(column for column in page.c if column.name != "id"),
        )
        .select_from(source)
        .order_by(*in_order(page, order))
    )


def engagement_columns() -> list[ColumnElement[Any]]:
    """The engagement's columns with its health and people; join ``managers`` and ``advisers``."""
    c = engagements.c
    return [
        *(c.id, c.programme_id, c.programme_version, c.stage, c.started_on, c.opened_at),
        *(c.onboarded_at, c.closed_at, c.due_at, c.sequence, c.manager_id, c.adviser_id),
        managers.c.name.label("manager_name"),
        advisers.c.name.label("adviser_name"),
        health_column(NOW).label("health"),
    ]


def _ranked_tasks(page: CTE) -> Select[Any]:
    c = tasks.c
    worst = case((c.stuck_at <= NOW, 0), (c.due_at <= NOW, 1), (c.soon_at <= NOW, 2), else_=3)
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
