"""Reads and writes inbound emails: what they answer, who sent them, and who has been told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_or_ignore
from storage.sql import (
    contacts,
    engagements,
    inbound_messages,
    items,
    notifications,
    people,
    strange_reports,
)


@dataclass(frozen=True)
class Answered:
    """The email that an inbound email answers."""

    notification_id: str
    engagement_id: str
    item_id: str
    member_id: str
    item_kind: str
    assignee_id: str | None
    kind: str
    """The kind of the answered email."""
    sequence: int
    """The number of its record."""
    recipient_id: str
    told_id: str


@dataclass(frozen=True)
class Untold:
    """An answer whose notifications are reserved, and not yet handed to Temporal."""

    id: str
    engagement_id: str
    item_id: str
    sequence: int
    not_before: datetime | None
    """The start of the next sending window, if the answer came outside one."""


async def answered(session: AsyncSession, notification_id: str) -> Answered | None:
    """The item that a notification was about; ``None`` if it was about no item.

    Locks the engagement before the email is stored. Otherwise two emails at once would each hold a
    shared lock on it, and neither could number its fact.
    """
    n, e, i = notifications.c, engagements.c, items.c
    query = (
        select(
            *(n.id, n.engagement_id, n.item_id, e.member_id, i.kind.label("item_kind")),
            *(i.assignee_id, n.kind, n.sequence, n.recipient_id, n.told_id),
        )
        .select_from(
            notifications.join(engagements, e.id == n.engagement_id).join(items, i.id == n.item_id)
        )
        .where(n.id == notification_id)
        .with_for_update(of=engagements)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return Answered(
        notification_id=row.id,
        engagement_id=row.engagement_id,
        item_id=row.item_id,
        member_id=row.member_id,
        item_kind=row.item_kind,
        assignee_id=row.assignee_id,
        kind=row.kind,
        sequence=row.sequence,
        recipient_id=row.recipient_id,
        told_id=row.told_id,
    )


async def sender_of(session: AsyncSession, address: str, member_id: str) -> str:
    """The active contact of this member, or office person, with this address; else empty."""
    if not address:
        return ""
    wanted = address.lower()
    query = union_all(
        select(contacts.c.id, literal(0).label("rank")).where(
            contacts.c.member_id == member_id,
            contacts.c.active,
            contacts.c.email == wanted,
        ),
        select(people.c.id, literal(1)).where(people.c.active, people.c.email == wanted),
    )
    rows = sorted((await session.execute(query)).all(), key=lambda row: (row.rank, row.id))
    return str(rows[0].id) if rows else ""


async def keep(session: AsyncSession, row: Mapping[str, Any]) -> bool:
    """Store an inbound email; ``False`` if it is stored already."""
    return bool(await insert_or_ignore(session, inbound_messages, [row]))


async def came_since(
    session: AsyncSession, engagement_id: str, item_id: str, state: str, since: datetime
) -> int:
    """How many emails about an item were stored with ``state`` after an instant."""
    c = inbound_messages.c
    query = select(func.count()).where(
        c.engagement_id == engagement_id,
        c.item_id == item_id,
        c.state == state,
        c.received_at > since,
    )
    return (await session.execute(query)).scalar_one()


async def complete(session: AsyncSession, id: str, **values: Any) -> None:
    """Add the outcome of an email, in the same transaction."""
    await session.execute(
        update(inbound_messages).where(inbound_messages.c.id == id).values(**values)
    )


async def untold(session: AsyncSession, limit: int = 100) -> tuple[Untold, ...]:
    """Answers that recipients have not been told of yet, the oldest first."""
    c, n = inbound_messages.c, notifications.c
    window = (
        select(case((func.count() == func.count(n.not_before), func.min(n.not_before))))
        .where(n.item_id == c.item_id, n.sequence == c.sequence)
        .scalar_subquery()
    )
    query = (
        select(c.id, c.engagement_id, c.item_id, c.sequence, window)
        .where(c.sequence.is_not(None), c.told_at.is_(None))
        .order_by(c.received_at, c.id)
        .limit(limit)
    )
    return tuple(Untold(*row) for row in await session.execute(query))


async def mark_told(session: AsyncSession, id: str, now: datetime) -> None:
    """Note that Temporal now tells the recipients."""
    await complete(session, id, told_at=now)


async def count_strangers(session: AsyncSession, day: date, count: int) -> None:
    """Add to the day's count of reports about unknown emails."""
    c = strange_reports.c
    await insert_or_ignore(session, strange_reports, [{"day": day, "count": 0}])
    await session.execute(
        update(strange_reports).where(c.day == day).values(count=c["count"] + count)
    )


async def strangers_since(session: AsyncSession, day: date) -> int:
    """How many such reports came on and after that day."""
    c = strange_reports.c
    total = select(func.coalesce(func.sum(c["count"]), 0)).where(c.day >= day)
    return int((await session.execute(total)).scalar_one())
