"""Reads the ledger: each notification with its recipient, its state and its attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.paging import LIMIT, Page, by_instant, clamp, instant_cursor, page_of
from storage.queries.rows import AnyRow, Named, filled, named, owner_contacts, owner_people
from storage.queries.waiting import current_reason
from storage.sql import deliveries, engagements, items, notifications, provider_events


@dataclass(frozen=True)
class NotificationRow:
    """One notification of the ledger."""

    id: str
    engagement_id: str | None
    """``None`` for a summary, which is about a whole programme."""
    item_id: str
    item_kind: str
    """Empty if it is about the engagement itself."""
    item_key: str
    kind: str
    rung: str
    task: str
    recipient: Named
    """Without a name if there was no recipient."""
    state: str
    reason: str
    not_before: datetime | None
    reserved_at: datetime
    changed_at: datetime
    template: str
    template_trouble: str
    waits_until: datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt to hand it to a sender."""

    id: int
    sender: str
    at: datetime
    outcome: str
    detail: str
    round: int


@dataclass(frozen=True)
class Reported:
    """One report of the provider."""

    kind: str
    code: str
    at: datetime
    received_at: datetime
    attempt: int | None
    moved: bool


@dataclass(frozen=True)
class NotificationDetail:
    """One notification with its attempts and reports."""

    row: NotificationRow
    member_id: str
    programme_id: str
    programme_version: int
    sequence: int
    revision: int
    selector: str
    text_id: str | None
    round: int
    resolution: str
    resolved_at: datetime | None
    carrier_id: str | None
    """The notification whose email includes this one, if several late ones were combined."""
    attempts: tuple[Attempt, ...]
    reports: tuple[Reported, ...]


async def engagement_notifications(
    session: AsyncSession,
    engagement_id: str,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[NotificationRow]:
    """One page for an engagement, the latest change first. Raises ``BadCursor``. One statement."""
    return await _listed(
        session, notifications.c.engagement_id == engagement_id, cursor, limit, visible_to
    )


async def all_notifications(
    session: AsyncSession,
    *,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[NotificationRow]:
    """One page for all engagements, with one state or any; the latest change first."""
    where = notifications.c.state == state if state else true()
    return await _listed(session, where, cursor, limit, ALL)


async def show_notification(
    session: AsyncSession, notification_id: str, *, visible_to: Visibility = ALL
) -> NotificationDetail | None:
    """One notification with its attempts and reports, each the oldest first: three statements."""
    c = notifications.c
    statement = (
        select(
            *_columns(),
            *(c.sequence, c.revision, c.selector, c.text_id, c.round, c.resolution, c.resolved_at),
            *(engagements.c.member_id, engagements.c.programme_id),
            *(engagements.c.programme_version, c.carrier_id),
        )
        .select_from(_source())
        .where(c.id == notification_id, visible_to.of_engagements())
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    return filled(
        NotificationDetail,
        row,
        row=_row(row),
        member_id=row.member_id or "",
        programme_id=row.programme_id or row.item_id.removesuffix(f".{row.kind}"),
        programme_version=row.programme_version or 0,
        attempts=await _attempts(session, notification_id),
        reports=await _reports(session, notification_id),
    )


async def _attempts(session: AsyncSession, notification_id: str) -> tuple[Attempt, ...]:
    c = deliveries.c
    query = (
        select(c.id, c.sender, c.at, c.outcome, c.detail, c.round)
        .where(c.notification_id == notification_id)
        .order_by(c.id)
    )
    return tuple(Attempt(*row) for row in await session.execute(query))


async def _reports(session: AsyncSession, notification_id: str) -> tuple[Reported, ...]:
    c = provider_events.c
    query = (
        select(c.kind, c.code, c.at, c.received_at, c.delivery_id, c.moved)
        .where(c.notification_id == notification_id)
        .order_by(c.at, c.received_at, c.id)
    )
    return tuple(Reported(*row) for row in await session.execute(query))


async def _listed(
    session: AsyncSession,
    where: ColumnElement[bool],
    cursor: str | None,
    limit: int,
    visible_to: Visibility,
) -> Page[NotificationRow]:
    limit, c = clamp(limit), notifications.c
    statement = select(*_columns()).select_from(_source()).where(where, visible_to.of_engagements())
    statement = by_instant(statement, c.changed_at, c.id, cursor, limit, descending=True)
    rows = [_row(row) for row in await session.execute(statement)]
    return page_of(rows, limit, lambda last: instant_cursor(last.changed_at, last.id))


def _columns() -> list[ColumnElement[Any]]:
    c = notifications.c
    return [
        *(c.id, c.engagement_id, c.item_id, c.kind, c.rung, c.task, c.recipient_id, c.state),
        *(c.not_before, c.reserved_at, c.changed_at, c.template, c.template_trouble),
        *(c.waits_until, current_reason().label("reason")),
        func.coalesce(owner_contacts.c.name, owner_people.c.name, "").label("recipient_name"),
        func.coalesce(items.c.kind, "").label("item_kind"),
        func.coalesce(items.c.key, "").label("item_key"),
    ]


def _source() -> FromClause:
    c = notifications.c
    return (
        notifications.outerjoin(engagements, engagements.c.id == c.engagement_id)
        .outerjoin(items, items.c.id == c.item_id)
        .outerjoin(owner_contacts, owner_contacts.c.id == c.recipient_id)
        .outerjoin(owner_people, owner_people.c.id == c.recipient_id)
    )


def _row(row: AnyRow) -> NotificationRow:
    recipient = named(row.recipient_id, row.recipient_name) or Named("", "")
    return filled(NotificationRow, row, recipient=recipient)
