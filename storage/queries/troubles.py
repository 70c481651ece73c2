"""Emails that a person has to look at: derived when they are read, so nothing polls for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, instant, page_of
from storage.queries.rows import (
    AnyRow,
    MemberRow,
    Named,
    member_columns,
    member_row,
    named,
    owner_contacts,
    owner_people,
)
from storage.sql import engagements, items, members, notifications, people

AT_ONCE = ("failed", "bounced", "dropped", "complained")
"""The states that are trouble as soon as they are known."""

IN_TIME = "unknown"
"""The state that is trouble once nothing was heard for a while."""


@dataclass(frozen=True)
class TroubleRow:
    """A notification that waits for a person, and whose it is."""

    id: str
    engagement_id: str
    member: MemberRow
    programme_id: str
    programme_version: int
    item_id: str
    item_kind: str
    item_key: str
    kind: str
    task: str
    recipient: Named
    state: str
    reason: str
    since: datetime


def in_trouble(now: datetime, unknown_after: timedelta) -> ColumnElement[bool]:
    """The condition on ``notifications``."""
    c = notifications.c
    return and_(
        c.resolved_at.is_(None),
        or_(
            c.state.in_(AT_ONCE),
            and_(c.state == IN_TIME, c.changed_at <= now - unknown_after),
        ),
    )


async def list_troubles(
    session: AsyncSession,
    now: datetime,
    unknown_after: timedelta,
    *,
    manager_id: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[TroubleRow]:
    """The oldest first. With ``manager_id`` those of the engagements that this person looks after,
    and those that nobody does. Raises ``BadCursor``. One statement."""
    limit, c = clamp(limit), notifications.c
    source = (
        notifications.join(engagements, engagements.c.id == c.engagement_id)
        .join(members, members.c.id == engagements.c.member_id)
        .outerjoin(items, items.c.id == c.item_id)
        .outerjoin(owner_contacts, owner_contacts.c.id == c.recipient_id)
        .outerjoin(owner_people, owner_people.c.id == c.recipient_id)
    )
    statement = (
        select(
            *(c.id, c.engagement_id, c.item_id, c.kind, c.task, c.recipient_id, c.state, c.reason),
            c.changed_at,
            func.coalesce(owner_contacts.c.name, owner_people.c.name, "").label("recipient_name"),
            func.coalesce(items.c.kind, "").label("item_kind"),
            func.coalesce(items.c.key, "").label("item_key"),
            *(engagements.c.programme_id, engagements.c.programme_version),
            *member_columns(),
        )
        .select_from(source)
        .where(in_trouble(now, unknown_after))
    )
    if manager_id is not None:
        statement = statement.where(_theirs(manager_id))
    if cursor is not None:
        at = decode(cursor, at=str, id=str)
        position = [instant(at["at"]), at["id"]]
        statement = statement.where(beyond([c.changed_at, c.id], position))
    found = await session.execute(statement.order_by(c.changed_at, c.id).limit(limit + 1))
    rows = [_row(row) for row in found]
    return page_of(rows, limit, lambda last: encode(at=last.since.isoformat(), id=last.id))


async def count_troubles(session: AsyncSession, now: datetime, unknown_after: timedelta) -> int:
    """How many there are in the whole office."""
    statement = (
        select(func.count()).select_from(notifications).where(in_trouble(now, unknown_after))
    )
    return int((await session.execute(statement)).scalar_one())


def _theirs(manager_id: str) -> ColumnElement[bool]:
    at_work = select(people.c.id).where(people.c.active)
    manager = engagements.c.manager_id
    return or_(manager == manager_id, manager.is_(None), manager.not_in(at_work))


def _row(row: AnyRow) -> TroubleRow:
    return TroubleRow(
        id=row.id,
        engagement_id=row.engagement_id,
        member=member_row(row),
        programme_id=row.programme_id,
        programme_version=row.programme_version,
        item_id=row.item_id,
        item_kind=row.item_kind,
        item_key=row.item_key,
        kind=row.kind,
        task=row.task,
        recipient=named(row.recipient_id, row.recipient_name) or Named("", ""),
        state=row.state,
        reason=row.reason,
        since=row.changed_at,
    )
