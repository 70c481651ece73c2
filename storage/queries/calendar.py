"""Reads one person's calendar: open deadlines, and confirmed sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.rows import (
    TaskRow,
    owner_contacts,
    owner_people,
    task_columns,
    task_row,
    with_owner,
)
from storage.sql import calendar_feeds, contacts, engagements, events, items, members, tasks

MOST = 500
"""The most entries of each kind in one answer: far more than one person has."""

_FIXES = ("advice.confirmed", "advice.agenda_sent")
_DATES = ("review.opened", "review.returned", "deadline.moved")


@dataclass(frozen=True)
class DueRow:
    """An open task of the reader, with the details of its calendar entry."""

    task: TaskRow
    sequence: int
    """The number of the record that last set a review's date, as in the emails about it."""
    member: str
    number: str
    """The number that people use for the item, if it has one."""
    programme_id: str
    programme_version: int
    changed_at: datetime


@dataclass(frozen=True)
class SessionRow:
    """An advice session with a confirmed date."""

    engagement_id: str
    item_id: str
    session: str
    sequence: int
    """The number of the record that confirmed it, as in the email about it."""
    member: str
    adviser_id: str | None
    programme_id: str
    programme_version: int
    changed_at: datetime


def _last(kinds: Sequence[str]) -> ScalarSelect[int]:
    """The number of the item's last record of one of these kinds."""
    latest = select(func.max(events.c.sequence)).where(
        events.c.item_id == items.c.id, events.c.kind.in_(kinds)
    )
    return latest.correlate(items).scalar_subquery()


def _changed() -> ScalarSelect[datetime]:
    """When the item last changed, so that an unchanged calendar gives the same text."""
    latest = select(func.max(events.c.at)).where(events.c.item_id == items.c.id)
    return latest.correlate(items).scalar_subquery()


async def due(
    session: AsyncSession, holder_id: str, visible_to: Visibility = ALL
) -> tuple[DueRow, ...]:
    """The open tasks of this person or contact, the earliest due first."""
    c = tasks.c
    source = with_owner(
        tasks.join(items, items.c.id == c.item_id)
        .join(engagements, engagements.c.id == c.engagement_id)
        .join(members, members.c.id == engagements.c.member_id)
    )
    statement = (
        select(
            *task_columns(),
            members.c.name.label("member"),
            _last(_DATES).label("sequence"),
            items.c.data.label("data"),
            engagements.c.programme_id,
            engagements.c.programme_version,
            func.coalesce(_changed(), c.opened_at, type_=c.opened_at.type).label("changed_at"),
        )
        .select_from(source)
        .where(c.owner_id == holder_id, visible_to.of_engagements())
        .order_by(c.due_at, c.item_id, c.key)
        .limit(MOST)
    )
    return tuple(
        DueRow(
            task=task_row(row),
            sequence=row.sequence or 0,
            member=row.member,
            number=(row.data or {}).get("number", ""),
            programme_id=row.programme_id,
            programme_version=row.programme_version,
            changed_at=row.changed_at,
        )
        for row in await session.execute(statement)
    )


async def sessions(
    session: AsyncSession, holder_id: str, visible_to: Visibility = ALL
) -> tuple[SessionRow, ...]:
    """The confirmed sessions of a contact's member, or of an adviser or manager; by item."""
    e = engagements.c
    statement = (
        select(
            items.c.engagement_id,
            items.c.id.label("item_id"),
            items.c.data,
            _last(_FIXES).label("sequence"),
            members.c.name.label("member"),
            e.adviser_id,
            e.programme_id,
            e.programme_version,
            func.coalesce(_changed(), items.c.opened_at, type_=items.c.opened_at.type).label(
                "changed_at"
            ),
        )
        .select_from(
            items.join(engagements, e.id == items.c.engagement_id).join(
                members, members.c.id == e.member_id
            )
        )
        .where(
            items.c.kind == "advice",
            items.c.stage == "session",
            items.c.closed_at.is_(None),
            _takes_part(holder_id),
            visible_to.of_engagements(),
        )
        .order_by(items.c.id)
        .limit(MOST)
    )
    return tuple(
        SessionRow(
            engagement_id=row.engagement_id,
            item_id=row.item_id,
            session=row.data["session"],
            sequence=row.sequence or 0,
            member=row.member,
            adviser_id=row.adviser_id,
            programme_id=row.programme_id,
            programme_version=row.programme_version,
            changed_at=row.changed_at,
        )
        for row in await session.execute(statement)
        if row.data.get("session")
    )


def _takes_part(holder_id: str) -> ColumnElement[bool]:
    e = engagements.c
    theirs = select(contacts.c.member_id).where(contacts.c.id == holder_id, contacts.c.active)
    return or_(e.adviser_id == holder_id, e.manager_id == holder_id, e.member_id.in_(theirs))


@dataclass(frozen=True)
class Reader:
    """The holder of a calendar feed."""

    holder_id: str
    role: str
    name: str
    member_id: str | None


async def reader_of(session: AsyncSession, sha256: str) -> Reader | None:
    """The holder of the calendar at this address. ``None`` if the address is unknown or ended, or
    its holder is no longer active. One statement."""
    contact, person = owner_contacts.c, owner_people.c
    statement = (
        select(
            calendar_feeds.c.holder_id,
            func.coalesce(person.role, literal("member")),
            func.coalesce(contact.name, person.name, ""),
            contact.member_id,
        )
        .select_from(
            calendar_feeds.outerjoin(
                owner_contacts, contact.id == calendar_feeds.c.holder_id
            ).outerjoin(owner_people, person.id == calendar_feeds.c.holder_id)
        )
        .where(
            calendar_feeds.c.sha256 == sha256,
            func.coalesce(contact.active, person.active),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    return Reader(*row) if row else None


async def feed_made_at(session: AsyncSession, holder_id: str) -> datetime | None:
    """When the holder's calendar address was made; ``None`` if there is none."""
    c = calendar_feeds.c
    found = await session.execute(select(c.made_at).where(c.holder_id == holder_id))
    return found.scalar_one_or_none()
