"""The orders of the list of engagements, and its filters.

A statement of the list is built once for each shape of filter and order.

An order consists of parts in sequence, and each part uses its own index. By ``due_at``, the
engagements with nothing due are the second part, so they come last. By ``health`` there is one part
per state of health, the worst first, and a last part for ended engagements.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, FromClause, String, and_, bindparam, or_

from programmes.vocabulary import Health
from storage.queries.access import Visibility
from storage.queries.paging import (
    ESCAPE,
    BadCursor,
    beyond,
    decode,
    encode,
    escaped,
    instant,
    parsed,
)
from storage.queries.rows import NOW, AnyRow, Moment
from storage.sql import engagements, members, people
from storage.starting import PENDING
from storage.tables.fields import Instant

Sort = Literal["member", "started_on", "opened_at", "due_at", "health"]


@dataclass(frozen=True)
class Part:
    """Rows that are together in an order, sorted by a key that all of them have, and then by id."""

    key: ColumnElement[Any]
    read: Callable[[str], object]
    """Reads the key from a cursor. Raises ``BadCursor``."""
    where: tuple[ColumnElement[bool], ...] = ()


class Position(NamedTuple):
    """The row after which a page starts."""

    part: int
    key: object
    id: str


AT = bindparam("at", type_=Instant())
"""``Order.at``, in a statement that is built once."""


@dataclass(frozen=True)
class Shape:
    """What one statement serves: an order, and the part in which the page starts."""

    sort: Sort
    descending: bool
    behind: int | None = None
    """The part of the row after which the page starts; ``None`` for a first page."""

    @property
    def parts(self) -> list[Part]:
        """The parts in sequence."""
        return _parts(self.sort, AT, descending=self.descending)

    def by(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """The columns to sort by within a part."""
        return [column.desc() if self.descending else column.asc() for column in columns]

    def beyond(self, part: Part) -> ColumnElement[bool]:
        """The condition for rows of ``part`` after the position, which comes as ``key`` and
        ``id``."""
        columns = [part.key, engagements.c.id]
        position = [bindparam("key", type_=part.key.type), bindparam("id")]
        return beyond(columns, position, descending=self.descending)


@dataclass(frozen=True)
class Order:
    """One order, and the position at which a page starts."""

    sort: Sort
    descending: bool
    at: datetime
    """The instant of the first page, at which health is computed for all pages. Otherwise a row
    that becomes overdue meanwhile could move to a page that the reader has passed."""
    behind: Position | None = None

    @property
    def shape(self) -> Shape:
        """The shape of its statement."""
        return Shape(self.sort, self.descending, self.behind.part if self.behind else None)

    @property
    def values(self) -> dict[str, object]:
        """The values of its statement."""
        behind = {"key": self.behind.key, "id": self.behind.id} if self.behind else {}
        return {"at": self.at, **behind}

    def cursor(self, last: AnyRow) -> str:
        """The cursor of the page after this row, which has ``part``, ``id`` and its part's key."""
        key = last._mapping[key_name(last.part)]
        written = key.isoformat() if isinstance(key, date | datetime) else key
        at, down = self.at.isoformat(), int(self.descending)
        return encode(s=self.sort, d=down, at=at, p=last.part, k=written, id=last.id)


def order_of(sort: Sort, cursor: str | None, now: datetime, *, descending: bool) -> Order:
    """The order from its first page, or from a cursor. Raises ``BadCursor``."""
    if cursor is None:
        return Order(sort, descending, now)
    found = decode(cursor, s=str, d=int, at=str, p=int, k=str, id=str)
    if found["s"] != sort or found["d"] != int(descending):
        raise BadCursor
    at, number = instant(found["at"]), found["p"]
    parts = Shape(sort, descending).parts
    if not 0 <= number < len(parts):
        raise BadCursor
    key = parts[number].read(found["k"])
    return Order(sort, descending, at, Position(number, key, found["id"]))


def key_name(part: int) -> str:
    """The name of the column with that part's key, since parts have keys of different types."""
    return f"key_{part}"


def has_health(health: Health, now: Moment) -> ColumnElement[bool]:
    """The same as comparing ``health_column``, in a form that an index can serve."""
    c = engagements.c
    worst_first = (("stuck", c.stuck_at), ("overdue", c.due_at), ("due_soon", c.soon_at))
    conditions: list[ColumnElement[bool]] = []
    for name, column in worst_first:
        if name == health:
            return and_(column <= now, *conditions)
        conditions.append(or_(column.is_(None), column > now))
    return and_(*conditions)


def _parts(sort: Sort, at: Moment, *, descending: bool) -> list[Part]:
    c = engagements.c
    match sort:
        case "member":
            return [Part(members.c.name, str)]
        case "started_on":
            return [Part(c.started_on, lambda written: parsed(date.fromisoformat, written))]
        case "opened_at":
            return [Part(c.opened_at, instant)]
        case "due_at":
            dated = Part(c.due_at, instant, (c.due_at.is_not(None),))
            return [dated, Part(c.id, str, (c.due_at.is_(None),))]
        case "health":
            return _by_health(at, descending=descending)


def _by_health(at: Moment, *, descending: bool) -> list[Part]:
    """Late engagements are sorted by due date, and the others by the member's name."""
    c = engagements.c
    is_open = c.closed_at.is_(None)
    # All three instants come from open tasks, so a late engagement always has a due date.
    pressing: list[Health] = ["stuck", "overdue", "due_soon"]
    groups = [Part(c.due_at, instant, (is_open, has_health(each, at))) for each in pressing]
    groups.append(Part(members.c.name, str, (is_open, has_health("on_track", at))))
    ended = Part(members.c.name, str, (c.closed_at.is_not(None),))
    return [*(reversed(groups) if descending else groups), ended]


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
