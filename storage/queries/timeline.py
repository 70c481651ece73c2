"""The timeline of an engagement: what happened, and what was sent, in one order.

A notification is placed where its state last changed: an email that waited for the morning appears
when it left.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, instant, page_of
from storage.queries.rows import AnyRow, Named, filled, named, owner_contacts, owner_people
from storage.sql import engagements, events, items, notifications, texts
from storage.tables.fields import Json

_EVENT = "event"
_NOTIFICATION = "notification"


@dataclass(frozen=True)
class TimelineRow:
    """An event, or a notification with its state."""

    at: datetime
    entry: Literal["event", "notification"]
    id: str
    kind: str
    item_id: str
    item_kind: str
    """Empty if it is about the engagement itself."""
    item_key: str
    who: Named | None
    """The actor of an event (``milepost`` if the system did it), or the recipient of an email."""
    data: dict[str, str]
    text: str | None
    """The text; hidden from readers who may not see texts."""
    task: str
    rung: str
    state: str
    reason: str


async def timeline(
    session: AsyncSession,
    engagement_id: str,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[TimelineRow]:
    """One page, the newest first. At one instant, a notification comes above its event.

    One statement. Raises ``BadCursor``.
    """
    limit = clamp(limit)
    position = _position(cursor)
    both = union_all(
        select(_events(engagement_id, position, limit + 1, visible_to).subquery()),
        select(_notifications(engagement_id, position, limit + 1, visible_to).subquery()),
    ).subquery("both")
    c = both.c
    statement = (
        select(
            both,
            func.coalesce(items.c.kind, "").label("item_kind"),
            func.coalesce(items.c.key, "").label("item_key"),
            func.coalesce(owner_contacts.c.name, owner_people.c.name).label("who_name"),
            texts.c.body.label("text"),
        )
        .select_from(
            both.outerjoin(items, items.c.id == c.item_id)
            .outerjoin(owner_contacts, owner_contacts.c.id == c.who)
            .outerjoin(owner_people, owner_people.c.id == c.who)
            .outerjoin(texts, texts.c.id == c.text_id)
        )
        .order_by(c.at.desc(), c.entry.desc(), c.number.desc(), c.ref.desc())
        .limit(limit + 1)
    )
    found = (await session.execute(statement)).all()
    return page_of([_row(row) for row in found], limit, _cursor)


_Position = tuple[datetime, str, int, str] | None


def _events(
    engagement_id: str, position: _Position, limit: int, visible_to: Visibility
) -> Select[Any]:
    c = events.c
    order: list[ColumnElement[Any]] = [c.at, literal(_EVENT), c.id, literal("")]
    statement = (
        select(
            c.at.label("at"),
            literal(_EVENT).label("entry"),
            c.id.label("number"),
            literal("").label("ref"),
            c.kind.label("kind"),
            c.item_id.label("item_id"),
            c.actor.label("who"),
            c.data.label("data"),
            c.text_id.label("text_id"),
            literal("").label("task"),
            literal("").label("rung"),
            literal("").label("state"),
            literal("").label("reason"),
        )
        .join(engagements, engagements.c.id == c.engagement_id)
        .where(c.engagement_id == engagement_id, visible_to.of_engagements())
        .order_by(c.at.desc(), c.id.desc())
        .limit(limit)
    )
    return _before(statement, order, position)


def _notifications(
    engagement_id: str, position: _Position, limit: int, visible_to: Visibility
) -> Select[Any]:
    c = notifications.c
    order: list[ColumnElement[Any]] = [c.changed_at, literal(_NOTIFICATION), literal(0), c.id]
    statement = (
        select(
            c.changed_at.label("at"),
            literal(_NOTIFICATION).label("entry"),
            literal(0).label("number"),
            c.id.label("ref"),
            c.kind.label("kind"),
            c.item_id.label("item_id"),
            c.recipient_id.label("who"),
            sql_cast(null(), Json).label("data"),
            c.text_id.label("text_id"),
            c.task.label("task"),
            c.rung.label("rung"),
            c.state.label("state"),
            c.reason.label("reason"),
        )
        .join(engagements, engagements.c.id == c.engagement_id)
        .where(c.engagement_id == engagement_id, visible_to.of_engagements())
        .order_by(c.changed_at.desc(), c.id.desc())
        .limit(limit)
    )
    return _before(statement, order, position)


def _before(
    statement: Select[Any], order: list[ColumnElement[Any]], position: _Position
) -> Select[Any]:
    if position is None:
        return statement
    # The first condition follows from the second, but the index can use it.
    return statement.where(order[0] <= position[0], beyond(order, position, descending=True))


def _position(cursor: str | None) -> _Position:
    if cursor is None:
        return None
    at = decode(cursor, at=str, e=str, n=int, r=str)
    return instant(at["at"]), at["e"], at["n"], at["r"]


def _cursor(last: TimelineRow) -> str:
    event = last.entry == _EVENT
    return encode(
        at=last.at.isoformat(),
        e=last.entry,
        n=int(last.id) if event else 0,
        r="" if event else last.id,
    )


def _row(row: AnyRow) -> TimelineRow:
    return filled(
        TimelineRow,
        row,
        id=str(row.number) if row.entry == _EVENT else row.ref,
        who=named(row.who, row.who_name),
        data=row.data or {},
    )
