"""Suppressed addresses, with their holders and how many emails wait for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.paging import LIMIT, Page, by_instant, clamp, instant_cursor, page_of
from storage.queries.rows import Named
from storage.queries.troubles import looked_after
from storage.sql import contacts, engagements, notifications, people, suppressions


@dataclass(frozen=True)
class SuppressionRow:
    """One suppressed address."""

    id: str
    address: str
    reason: str
    notification_id: str | None
    at: datetime
    holders: tuple[Named, ...]
    waiting: int
    """Emails that were withheld for it."""


async def list_suppressions(
    session: AsyncSession,
    *,
    manager_id: str | None = None,
    programme_id: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[SuppressionRow]:
    """One page of suppressed addresses, the latest first. The office's own are always included.

    ``manager_id`` narrows members to those of that manager and those without one; ``programme_id``
    to members in that programme or in none. Raises ``BadCursor``. Three statements.
    """
    limit, c = clamp(limit), suppressions.c
    statement = select(suppressions).where(c.lifted_at.is_(None))
    for of in _members(manager_id, programme_id):
        theirs = select(contacts.c.email).where(of)
        ours = select(people.c.email)
        statement = statement.where(or_(c.address.in_(theirs), c.address.in_(ours)))
    statement = by_instant(statement, c.at, c.id, cursor, limit, descending=True)
    found = (await session.execute(statement)).all()
    holders = await _holders(session, [row.address for row in found])
    waiting = await _waiting(session, [one.id for each in holders.values() for one in each])
    rows = [
        SuppressionRow(
            id=row.id,
            address=row.address,
            reason=row.reason,
            notification_id=row.notification_id,
            at=row.at,
            holders=tuple(holders.get(row.address, ())),
            waiting=sum(waiting.get(one.id, 0) for one in holders.get(row.address, ())),
        )
        for row in found
    ]
    return page_of(rows, limit, lambda last: instant_cursor(last.at, last.id))


def _members(manager_id: str | None, programme_id: str | None) -> Iterator[ColumnElement[bool]]:
    """The conditions on members whose contacts are shown."""
    member = contacts.c.member_id
    if manager_id is not None:
        yield member.in_(looked_after(manager_id))
    if programme_id is not None:
        c, taking_part = engagements.c, select(engagements.c.member_id)
        yield or_(
            member.in_(taking_part.where(c.programme_id == programme_id)),
            member.not_in(taking_part),
        )


async def _holders(session: AsyncSession, addresses: list[str]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    if not addresses:
        return found
    parts = [
        select(table.c.email, table.c.id, table.c.name).where(table.c.email.in_(addresses))
        for table in (contacts, people)
    ]
    for address, id, name in await session.execute(parts[0].union_all(parts[1])):
        found.setdefault(address, []).append(Named(id, name))
    return found


async def _waiting(session: AsyncSession, holder_ids: list[str]) -> dict[str, int]:
    if not holder_ids:
        return {}
    c = notifications.c
    statement = (
        select(c.recipient_id, func.count())
        .where(c.recipient_id.in_(holder_ids), c.state == "withheld", c.reason == "suppressed")
        .group_by(c.recipient_id)
    )
    return {row[0]: row[1] for row in await session.execute(statement)}
