"""The calendar entries that emails have put into recipients' calendars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.preferences import read_choices
from programmes.calendar import calendar_from_json
from programmes.facts import Record
from storage.sql import calendar_parts, engagements, notifications

FIXES = frozenset({"advice.confirmed", "advice.agenda"})
"""Emails that put a session into the calendar."""
DUE = frozenset({"review.opened", "review.returned", "task.moved"})
"""Emails with the day by which a review is due."""
CALLED_OFF = frozenset({"advice.called_off", "review.called_off"})
"""Emails only for recipients who have the date in their calendar."""
REMOVES = CALLED_OFF | {
    "advice.missed",
    "advice.dates_proposed",
    "advice.closed",
    "review.signed_off",
}
"""Emails that remove a date from the calendar."""
WITH_CALENDAR = FIXES | DUE | REMOVES
"""Emails that may have a calendar part. They are never batched."""

_MAY_HAVE_IT = ("claimed", "accepted", "deferred", "delivered", "complained", "unknown")
"""The states of an email that its reader has, may have, or is about to get."""


class HeldNotice(Protocol):
    """A notification that an attempt has locked."""

    @property
    def id(self) -> str:
        """The notification."""

    @property
    def item_id(self) -> str:
        """The item that it is about."""

    @property
    def sequence(self) -> int:
        """The number of its record."""

    @property
    def recipient_id(self) -> str:
        """The recipient."""


class Part(Protocol):
    """The calendar part of an email."""

    @property
    def method(self) -> str:
        """``REQUEST``, ``PUBLISH`` or ``CANCEL``."""

    @property
    def sequence(self) -> int:
        """The part's number."""

    @property
    def start(self) -> str:
        """The instant or the day, in ISO 8601."""


@dataclass(frozen=True)
class SentEntry:
    """An item's current entry in one recipient's calendar."""

    sequence: int
    start: str
    under_way: bool
    """Whether the email that adds it is being sent right now."""

    def lies_ahead(self, now: datetime) -> bool:
        """Whether its time is still to come; a whole day is over when it has begun."""
        return lies_ahead(self.start, now)


def lies_ahead(start: str, now: datetime) -> bool:
    """Whether an instant, or a day, is still to come."""
    if len(start) == len("2027-01-05"):
        return date.fromisoformat(start) >= now.date()
    return datetime.fromisoformat(start) > now


async def lock_engagement(session: AsyncSession, engagement_id: str) -> None:
    """Keep records of the engagement from being written until the transaction ends.

    A later record that calls the session off then finds this email among those that named it.
    """
    await session.execute(
        select(engagements.c.id).where(engagements.c.id == engagement_id).with_for_update(read=True)
    )


async def entry_of(session: AsyncSession, item_id: str, holder_id: str) -> SentEntry | None:
    """The item's entry in one recipient's calendar; ``None`` without one."""
    return (await _entries(session, item_id, holder_id)).get(holder_id)


async def must_be_told_directly(session: AsyncSession, held: HeldNotice, now: datetime) -> bool:
    """Whether only this email can change a coming date in the recipient's own calendar.

    A delegate cannot change it for them, so the email goes to the recipient even while away.
    """
    entry = await entry_of(session, held.item_id, held.recipient_id)
    if entry is None or entry.sequence >= held.sequence or not entry.lies_ahead(now):
        return False
    c = notifications.c
    told_apart = select(c.id).where(
        c.item_id == held.item_id,
        c.sequence == held.sequence,
        c.recipient_id == held.recipient_id,
        c.kind.in_(CALLED_OFF),
    )
    return (await session.execute(told_apart)).first() is None


async def recipients_with_entry(
    session: AsyncSession,
    record: Record,
    found: Mapping[str, Sequence[str]],
    calendar: Mapping[str, Any],
    now: datetime,
) -> list[str]:
    """Recipients with the item's date in their calendar who get no other email of the record.

    ``found`` has the recipients behind each selector of the record's notices. An absent recipient
    is included: their delegate gets the other email, but cannot change their calendar.
    """
    meant = {
        one
        for notice in record.notices
        if notice.kind in WITH_CALENDAR
        for selector in notice.to
        for one in found[selector]
    }
    today = calendar_from_json(calendar).local_date(now)
    having = {
        holder: entry
        for holder, entry in (await _entries(session, record.item_id)).items()
        if entry.lies_ahead(now)
    }
    chosen = await read_choices(session, [holder for holder in having if holder in meant])
    return sorted(
        holder
        for holder in having
        if holder not in meant or chosen[holder].delegate_on(today) is not None
    )


async def keep(
    session: AsyncSession, held: HeldNotice, holder_id: str, part: Part, now: datetime
) -> None:
    """Store the calendar part of an email that is about to leave, in place of an earlier one."""
    await session.execute(delete(calendar_parts).where(calendar_parts.c.notification_id == held.id))
    await session.execute(
        insert(calendar_parts).values(
            notification_id=held.id,
            item_id=held.item_id,
            holder_id=holder_id,
            method=part.method,
            sequence=part.sequence,
            start=part.start,
            at=now,
        )
    )


async def _entries(
    session: AsyncSession, item_id: str, holder_id: str | None = None
) -> dict[str, SentEntry]:
    c = calendar_parts.c
    query = (
        select(c.holder_id, c.method, c.sequence, c.start, notifications.c.state)
        .join_from(calendar_parts, notifications, notifications.c.id == c.notification_id)
        .where(c.item_id == item_id, notifications.c.state.in_(_MAY_HAVE_IT))
        # One record may remove a date for an absent recipient and set it for one who is back. The
        # date then stands: "CANCEL" also comes first in the alphabet.
        .order_by(c.sequence, c.method)
    )
    if holder_id is not None:
        query = query.where(c.holder_id == holder_id)
    standing: dict[str, SentEntry] = {}
    under_way: set[str] = set()
    for row in await session.execute(query):
        if row.method == "CANCEL":
            standing.pop(row.holder_id, None)
            continue
        if row.state == "claimed":
            under_way.add(row.holder_id)
        standing[row.holder_id] = SentEntry(row.sequence, row.start, row.holder_id in under_way)
    return standing
