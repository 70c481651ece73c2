"""Keyset paging: a page starts where the last one ended, even if rows were added meanwhile."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

LIMIT = 50
MAX_LIMIT = 200

RowT = TypeVar("RowT")
Value = TypeVar("Value")


class BadCursor(ValueError):
    """The cursor is not one of this list."""

    def __init__(self) -> None:
        super().__init__(
            "This list has no such page: its cursor was changed, or belongs to another order."
            " Start again from the first page."
        )


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """Some rows, and the cursor of the next page if there is one."""

    rows: tuple[RowT, ...]
    next: str | None = None


def page_of(rows: Sequence[RowT], limit: int, cursor: Callable[[RowT], str]) -> Page[RowT]:
    """A page from ``limit + 1`` rows: the extra row shows that there is another page."""
    kept = tuple(rows[:limit])
    return Page(kept, cursor(kept[-1]) if len(rows) > limit and kept else None)


def clamp(limit: int) -> int:
    """The page size within the allowed limits."""
    return max(1, min(limit, MAX_LIMIT))


ESCAPE = "/"


def escaped(text: str) -> str:
    """A text to search for in a pattern with this ``ESCAPE``: none of its characters is special."""
    return text.translate({ord(special): ESCAPE + special for special in f"{ESCAPE}%_"})


def encode(**position: Any) -> str:
    """An opaque cursor. Values are strings, numbers or ``None``."""
    return urlsafe_b64encode(json.dumps(position, sort_keys=True).encode()).decode().rstrip("=")


def decode(cursor: str, **expected: type | tuple[type, ...]) -> Mapping[str, Any]:
    """The position in a cursor with exactly these fields and types. Raises ``BadCursor``."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(urlsafe_b64decode(padded.encode("ascii", "strict")))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor from None
    if not isinstance(position, dict) or position.keys() != expected.keys():
        raise BadCursor
    if not all(_fits(position[name], kind) for name, kind in expected.items()):
        raise BadCursor
    return position


def _fits(value: object, kind: type | tuple[type, ...]) -> bool:
    if isinstance(value, str) and "\x00" in value:
        return False  # PostgreSQL cannot store this character, so no row has it.
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return False
    return isinstance(value, kind) and not isinstance(value, bool)


def parsed(parse: Callable[[str], Value], written: str) -> Value:
    """A value that a cursor holds as text. Raises ``BadCursor``."""
    try:
        return parse(written)
    except ValueError:
        raise BadCursor from None


def instant(written: str) -> datetime:
    """An aware instant from a cursor. Raises ``BadCursor``."""
    value = parsed(datetime.fromisoformat, written)
    if value.tzinfo is None:
        raise BadCursor
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BadCursor from None


def beyond(
    columns: Sequence[ColumnElement[Any]],
    position: Sequence[object],
    *,
    descending: bool = False,
) -> ColumnElement[bool]:
    """The condition for rows after a position, in an order by these columns in one direction.

    A row comparison, which an index over the columns serves on both databases.
    """
    here, there = tuple_(*columns), tuple_(*position, types=[c.type for c in columns])
    return here < there if descending else here > there


def by_instant(
    statement: Select[Any],
    at: ColumnElement[datetime],
    id: ColumnElement[str],
    cursor: str | None,
    limit: int,
    *,
    descending: bool = False,
) -> Select[Any]:
    """The rows of a page and one more, ordered by an instant and then by id. Raises ``BadCursor``.

    The next page starts after ``instant_cursor`` of the page's last row.
    """
    if cursor is not None:
        found = decode(cursor, at=str, id=str)
        position = [instant(found["at"]), found["id"]]
        statement = statement.where(beyond([at, id], position, descending=descending))
    columns = (at.desc(), id.desc()) if descending else (at, id)
    return statement.order_by(*columns).limit(limit + 1)


def instant_cursor(at: datetime, id: str) -> str:
    """The cursor of the page after a row that is ordered ``by_instant``."""
    return encode(at=at.isoformat(), id=id)
