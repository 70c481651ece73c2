"""One page of engagements, as ids in order: what narrows the list, and where the page starts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)

from programmes.health import Health
from storage.queries.engagement_order import Order, Part, has_health, key_name
from storage.queries.visibility import Visibility
from storage.sql import engagements, members, people
from storage.starting import PENDING

managers = people.alias("managers")
advisers = people.alias("advisers")


@dataclass(frozen=True)
class EngagementFilter:
    """What the list is narrowed to; ``None`` does not narrow."""

    stage: str | None = None
    health: Health | None = None
    open: bool | None = None
    """Whether it goes on; otherwise it has ended."""
    programme_id: str | None = None
    member_id: str | None = None
    manager_id: str | None = None
    text: str | None = None
    """Part of the member's or the manager's name, in any case."""


def conditions_of(
    where: EngagementFilter, now: datetime, visible_to: Visibility
) -> list[ColumnElement[bool]]:
    """Everything that narrows the list; wants the tables of ``listed``."""
    c = engagements.c
    # A start that is not on record yet may still be taken back.
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
