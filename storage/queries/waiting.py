"""Emails that the sender has not accepted yet: which, why, how many, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.rows import Moment, Named
from storage.sql import contacts, deliveries, engagements, members, notifications, people

A_WHILE = timedelta(minutes=15)
"""A busy mail server may ask to wait this long; after that, the office is told."""


@dataclass(frozen=True)
class Waiting:
    """Emails that wait for the same reason, which is the result of their last attempt."""

    reason: str
    count: int
    since: datetime
    """The first attempt of the email that has waited longest."""


def kept_waiting(since: Moment) -> ColumnElement[bool]:
    """Whether the sender has refused it since then or longer: a condition on ``notifications``. It
    stays true during the next attempt."""
    return and_(
        notifications.c.state == "claimed",
        exists().where(*_refused(), deliveries.c.at <= since).correlate(notifications),
    )


def first_refused_at() -> ScalarSelect[datetime]:
    """When the sender first refused it, in the notification's present round."""
    first = select(func.min(deliveries.c.at)).where(*_refused())
    return first.correlate(notifications).scalar_subquery()


def current_reason() -> ColumnElement[str]:
    """The reason for a notification's state, or the sender's last answer if it waits for that."""
    n, d = notifications.c, deliveries.c
    said = select(d.detail).where(*_refused()).order_by(d.id.desc()).limit(1)
    refusal = said.correlate(notifications).scalar_subquery()
    waits = and_(n.state == "claimed", n.reason == "")
    return case((waits, func.coalesce(refusal, "")), else_=n.reason)


def _refused() -> list[ColumnElement[bool]]:
    n, d = notifications.c, deliveries.c
    return [d.notification_id == n.id, d.round == n.round, d.outcome == "transient"]


async def waiting_emails(session: AsyncSession) -> list[Waiting]:
    """Emails that were refused for now and are tried again; the most frequent reason first."""
    n, d = notifications.c, deliveries.c
    attempts = (
        select(
            d.notification_id,
            func.max(d.id).label("last"),
            func.min(d.at).label("first_at"),
        )
        .join(notifications, n.id == d.notification_id)
        .where(n.state == "claimed", d.round == n.round)
        .group_by(d.notification_id)
        .subquery()
    )
    query = (
        select(d.detail, func.count(), func.min(attempts.c.first_at))
        .join(attempts, attempts.c.last == d.id)
        .where(d.outcome == "transient")
        .group_by(d.detail)
        .order_by(func.count().desc(), d.detail)
    )
    return [Waiting(*row) for row in await session.execute(query)]


@dataclass(frozen=True)
class Reserved:
    """An email that is reserved and has not left."""

    id: str
    kind: str
    engagement_id: str | None
    """``None`` for a summary."""
    member: str
    calendar: object
    """The engagement's calendar as it is stored; ``None`` for a summary."""
    recipient: Named
    not_before: datetime | None
    blackouts: Sequence[Mapping[str, str]]
    """The member's blackouts as they are stored."""


async def reserved_emails(session: AsyncSession, *, limit: int) -> list[Reserved]:
    """The emails that wait to leave, the next one by its planned time first. One statement."""
    n = notifications.c
    query = (
        select(
            *(n.id, n.kind, n.engagement_id, members.c.name.label("member")),
            *(engagements.c.calendar, n.recipient_id, n.not_before, members.c.blackouts),
            func.coalesce(contacts.c.name, people.c.name, "").label("recipient"),
        )
        .select_from(
            notifications.outerjoin(engagements, engagements.c.id == n.engagement_id)
            .outerjoin(members, members.c.id == engagements.c.member_id)
            .outerjoin(contacts, contacts.c.id == n.recipient_id)
            .outerjoin(people, people.c.id == n.recipient_id)
        )
        .where(n.state == "reserved")
        .order_by(func.coalesce(n.not_before, n.reserved_at), n.id)
        .limit(limit)
    )
    return [
        Reserved(
            *(row.id, row.kind, row.engagement_id, row.member or "", row.calendar),
            Named(row.recipient_id, row.recipient or ""),
            row.not_before,
            row.blackouts or (),
        )
        for row in await session.execute(query)
    ]
