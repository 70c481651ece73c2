"""The orders in which the list of engagements can stand.

An order is made of parts that follow each other, each along an index of its own. By ``due_at``,
those with nothing due are a second part, so that they come last. By ``health`` there is a part for
each state of health, the worst first, and a last one for those that have ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from programmes.vocabulary import Health
from storage.queries.paging import BadCursor, beyond, decode, encode, instant, parsed
from storage.queries.rows import AnyRow
from storage.sql import engagements, members

Sort = Literal["member", "started_on", "opened_at", "due_at", "health"]


@dataclass(frozen=True)
class Part:
    """Rows that stand together, by a key that all of them have, and then by id."""

    key: ColumnElement[Any]
    read: Callable[[str], object]
    """The key as a cursor has it written. Raises ``BadCursor``."""
    where: tuple[ColumnElement[bool], ...] = ()


class Position(NamedTuple):
    """Behind which row a page starts."""

    part: int
    key: object
    id: str


@dataclass(frozen=True)
class Order:
    """One order, and where in it a page starts."""

    sort: Sort
    descending: bool
    at: datetime
    """The instant whose health orders: the first page's, on all pages. What comes to be overdue
    while somebody reads would else move to a page that was read before it did."""
    behind: Position | None = None

    @property
    def parts(self) -> list[Part]:
        """In the order in which they follow each other."""
        return _parts(self.sort, self.at, descending=self.descending)

    def by(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """What to order by within a part."""
        return [column.desc() if self.descending else column.asc() for column in columns]

    def beyond(self, part: Part, position: Position) -> ColumnElement[bool]:
        """The condition on the rows of ``part`` that are still to come."""
        columns = [part.key, engagements.c.id]
        return beyond(columns, [position.key, position.id], descending=self.descending)

    def cursor(self, last: AnyRow) -> str:
        """The cursor of the page behind this row, which has ``part``, ``id`` and its part's key."""
        key = last._mapping[key_name(last.part)]
        written = key.isoformat() if isinstance(key, date | datetime) else key
        at, down = self.at.isoformat(), int(self.descending)
        return encode(s=self.sort, d=down, at=at, p=last.part, k=written, id=last.id)


def order_of(sort: Sort, cursor: str | None, now: datetime, *, descending: bool) -> Order:
    """The order, from its first page or from a cursor. Raises ``BadCursor``."""
    if cursor is None:
        return Order(sort, descending, now)
    found = decode(cursor, s=str, d=int, at=str, p=int, k=str, id=str)
    if found["s"] != sort or found["d"] != int(descending):
        raise BadCursor
    at, number = instant(found["at"]), found["p"]
    parts = _parts(sort, at, descending=descending)
    if not 0 <= number < len(parts):
        raise BadCursor
    key = parts[number].read(found["k"])
    return Order(sort, descending, at, Position(number, key, found["id"]))


def key_name(part: int) -> str:
    """What the column with the key of that part is called: parts have keys of different types."""
    return f"key_{part}"


def has_health(health: Health, now: datetime) -> ColumnElement[bool]:
    """The same as comparing ``health_column``, but an index can serve the part that is reached."""
    c = engagements.c
    worst_first = (("stuck", c.stuck_at), ("overdue", c.due_at), ("due_soon", c.soon_at))
    conditions: list[ColumnElement[bool]] = []
    for name, column in worst_first:
        if name == health:
            return and_(column <= now, *conditions)
        conditions.append(or_(column.is_(None), column > now))
    return and_(*conditions)


def _parts(sort: Sort, at: datetime, *, descending: bool) -> list[Part]:
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


def _by_health(at: datetime, *, descending: bool) -> list[Part]:
    """What is late stands by how long it has been due; what is not has a name to be found by."""
    c = engagements.c
    is_open = c.closed_at.is_(None)
    # Whatever is due soon, overdue or stuck has a due date: all three come from its open tasks.
    pressing: list[Health] = ["stuck", "overdue", "due_soon"]
    groups = [Part(c.due_at, instant, (is_open, has_health(each, at))) for each in pressing]
    groups.append(Part(members.c.name, str, (is_open, has_health("on_track", at))))
    ended = Part(members.c.name, str, (c.closed_at.is_not(None),))
    return [*(reversed(groups) if descending else groups), ended]
