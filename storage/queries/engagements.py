"""The list of engagements: one page in order, and counts by health."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.vocabulary import Health
from storage.queries.access import ALL, Visibility
from storage.queries.engagement_order import (
    EngagementFilter,
    Part,
    Shape,
    Sort,
    advisers,
    conditions_of,
    key_name,
    listed,
    managers,
    order_of,
)
from storage.queries.paging import LIMIT, Page, clamp, page_of
from storage.queries.rows import (
    NOW,
    AnyRow,
    Filler,
    MemberRow,
    Named,
    TaskRow,
    health_column,
    member_columns,
    named,
    places,
    task_columns,
    with_owner,
)
from storage.sql import engagements, items, members, tasks

worst = tasks.alias("worst")


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
    listing = _listing(where.shape, order.shape, visible_to.shape)
    rows = (await session.execute(listing.statement, values)).all()
    found = page_of(rows, limit, order.cursor)
    return Page(tuple(listing.row(row) for row in found.rows), found.next)


@lru_cache(maxsize=512)
def _listing(where: EngagementFilter, order: Shape, visible_to: Visibility) -> "_Listing":
    page = page_of_ids(conditions_of(where, visible_to), order).cte("page")
    source = with_owner(
        page.join(engagements, engagements.c.id == page.c.id)
        .join(members, members.c.id == engagements.c.member_id)
        .outerjoin(managers, managers.c.id == engagements.c.manager_id)
        .outerjoin(advisers, advisers.c.id == engagements.c.adviser_id)
        .outerjoin(worst, _is_worst())
        .outerjoin(items, items.c.id == worst.c.item_id),
        worst,
    )
    statement = (
        select(
            *engagement_columns(),
            *member_columns(),
            *task_columns(worst),
            _open_requests().label("open_requests"),
            *(column for column in page.c if column.name != "id"),
        )
        .select_from(source)
        .order_by(*in_order(page, order))
    )
    return _Listing(statement)


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


def _is_worst() -> ColumnElement[bool]:
    """Whether it is the first of its engagement's open tasks: the worst, then the earliest."""
    c = tasks.alias("rival").c
    rank = case((c.stuck_at <= NOW, 0), (c.due_at <= NOW, 1), (c.soon_at <= NOW, 2), else_=3)
    first = (
        select(c.item_id, c.key)
        .where(c.engagement_id == engagements.c.id)
        .order_by(rank, c.due_at, c.item_id, c.key)
        .limit(1)
        .correlate(engagements)
    )
    # The first condition follows from the second, but an index serves it.
    return and_(
        worst.c.engagement_id == engagements.c.id, tuple_(worst.c.item_id, worst.c.key).in_(first)
    )


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


class _Listing:
    """The statement of a page, and how its rows are read."""

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        given = ("member", "task", "manager", "adviser")
        self._engagement = Filler(EngagementRow, statement, "", *given)
        self._member = Filler(MemberRow, statement, "member_")
        self._task = Filler(TaskRow, statement, "task_", "owner")
        self._people = places(
            statement,
            *("manager_id", "manager_name", "adviser_id", "adviser_name"),
            *("task_item_id", "task_owner_id", "task_owner_name"),
        )

    def row(self, row: AnyRow) -> EngagementRow:
        """The engagement, its member and team, and the task that explains its health."""
        manager, its_name, adviser, their_name, item, owner, owner_name = self._people(row)
        return self._engagement(
            row,
            member=self._member(row),
            manager=named(manager, its_name),
            adviser=named(adviser, their_name),
            task=self._task(row, owner=named(owner, owner_name)) if item is not None else None,
        )


def team_of(row: AnyRow) -> dict[str, Named | None]:
    """The manager and the adviser of a row with ``engagement_columns``."""
    return {
        "manager": named(row.manager_id, row.manager_name),
        "adviser": named(row.adviser_id, row.adviser_name),
    }
