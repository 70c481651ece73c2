"""One page of engagements, as ids in order: what narrows the list, what sorts it, where it goes on.

Where ``due_at`` orders, engagements with nothing due come last: they are a second part of the page,
so that each part follows the index.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, Select, and_, literal, or_, select, union_all

from programmes.health import Health
from storage.queries.paging import BadCursor, beyond, decode, encode, instant, parsed
from storage.queries.visibility import Visibility
from storage.sql import engagements, members, people
from storage.starting import PENDING

Sort = Literal["member", "started_on", "opened_at", "due_at"]

_KEYS: Mapping[Sort, ColumnElement[Any]] = {
    "member": members.c.name,
    "started_on": engagements.c.started_on,
    "opened_at": engagements.c.opened_at,
    "due_at": engagements.c.due_at,
}
_READ_KEY: Mapping[Sort, Callable[[str], object]] = {
    "member": str,
    "started_on": lambda written: parsed(date.fromisoformat, written),
    "opened_at": instant,
    "due_at": instant,
}
managers = people.alias("managers")
advisers = people.alias("advisers")


@dataclass(frozen=True)
class EngagementFilter:
    """What the list is narrowed to; ``None`` does not narrow."""

    stage: str | None = None
    health: Health | None = None
    programme_id: str | None = None
    member_id: str | None = None
    manager_id: str | None = None
    text: str | None = None
    """Part of the member's or the manager's name, in any case."""


def conditions_of(
    where: EngagementFilter, now: datetime, visible_to: Visibility
) -> list[ColumnElement[bool]]:
    """Everything that narrows the list; wants ``members`` and ``managers`` joined."""
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
        conditions.append(_has_health(where.health, now))
    if where.text:
        conditions.append(
            or_(
                members.c.name.icontains(where.text, autoescape=True),
                managers.c.name.icontains(where.text, autoescape=True),
            )
        )
    return conditions


def _has_health(health: Health, now: datetime) -> ColumnElement[bool]:
    """The same as comparing ``health_column``, but an index can serve the part that is reached."""
    c = engagements.c
    worst_first = (("stuck", c.stuck_at), ("overdue", c.due_at), ("due_soon", c.soon_at))
    conditions: list[ColumnElement[bool]] = []
    for name, column in worst_first:
        if name == health:
            return and_(column <= now, *conditions)
        conditions.append(or_(column.is_(None), column > now))
    return and_(*conditions)


def page_of_ids(
    conditions: list[ColumnElement[bool]],
    sort: Sort,
    cursor: str | None,
    limit: int,
    *,
    descending: bool,
) -> Select[Any]:
    """Ids of one page with the key that orders them (``sort_key``) and their ``part``."""
    key = _KEYS[sort]
    position = _position(cursor, sort, descending=descending)
    source = engagements.join(members, members.c.id == engagements.c.member_id).outerjoin(
        managers, managers.c.id == engagements.c.manager_id
    )

    def part(number: int, *extra: ColumnElement[bool]) -> Select[Any]:
        return (
            select(
                engagements.c.id,
                key.label("sort_key"),
                literal(number, Integer).label("part"),
            )
            .select_from(source)
            .where(*conditions, *extra)
            .order_by(*order_by(key, engagements.c.id, descending=descending))
            .limit(limit)
        )

    behind = [] if position is None else [_behind(key, position, descending=descending)]
    if sort != "due_at":
        return part(0, *behind)
    if position is not None and position[0] is None:
        return part(1, key.is_(None), *behind)
    dated, undated = part(0, key.is_not(None), *behind), part(1, key.is_(None))
    both = union_all(select(dated.subquery()), select(undated.subquery())).subquery()
    return (
        select(both)
        .order_by(both.c.part, *order_by(both.c.sort_key, both.c.id, descending=descending))
        .limit(limit)
    )


def order_by(
    key: ColumnElement[Any], id: ColumnElement[Any], *, descending: bool
) -> list[ColumnElement[Any]]:
    """The order of a page; the id makes it total."""
    return [key.desc(), id.desc()] if descending else [key.asc(), id.asc()]


def _behind(
    key: ColumnElement[Any], position: tuple[object, str], *, descending: bool
) -> ColumnElement[bool]:
    value, id = position
    if value is None:
        return beyond([engagements.c.id], [id], descending=descending)
    return beyond([key, engagements.c.id], [value, id], descending=descending)


def _position(cursor: str | None, sort: Sort, *, descending: bool) -> tuple[object, str] | None:
    if cursor is None:
        return None
    position = decode(cursor, s=str, d=int, k=(str, type(None)), id=str)
    if position["s"] != sort or position["d"] != int(descending):
        raise BadCursor
    if position["k"] is None:
        if sort != "due_at":
            raise BadCursor
        return None, position["id"]
    return _READ_KEY[sort](position["k"]), position["id"]


def cursor_behind(sort: Sort, key: object, id: str, *, descending: bool) -> str:
    """The cursor of the page that starts behind this row."""
    written = key.isoformat() if isinstance(key, date | datetime) else key
    return encode(s=sort, d=int(descending), k=written, id=id)
