"""What stands in whose calendar, as far as emails put it there: asked before one says otherwise."""

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
"""Emails with the day by which a review is to be sent in."""
CALLED_OFF = frozenset({"advice.called_off", "review.called_off"})
"""Emails that are for those alone who have the date in their calendar."""
LIFTS = CALLED_OFF | {
    "advice.missed",
    "advice.dates_proposed",
    "advice.closed",
    "review.signed_off",
}
"""Emails that take a date out, where it stands."""
CARRYING = FIXES | DUE | LIFTS
"""Emails that may have a calendar part: each has to go by itself."""

_MAY_HAVE_IT = ("claimed", "accepted", "deferred", "delivered", "complained", "unknown")
"""The states of an email that may be in its reader's hands, or is about to be."""


class Held(Protocol):
    """A notification that an attempt holds."""

    @property
    def item_id(self) -> str:
        """The item that it is about."""

    @property
    def sequence(self) -> int:
        """The number of its record."""

    @property
    def recipient_id(self) -> str:
        """Whom it is for."""


@dataclass(frozen=True)
class Entry:
    """The last thing that one reader's calendar heard of an item, where that put it in."""

    sequence: int
    start: str
    under_way: bool
    """Whether the email that puts it in is being sent at this moment."""

    def lies_ahead(self, now: datetime) -> bool:
        """Whether its time is still to come; a whole day is over when it has begun."""
        return lies_ahead(self.start, now)


def lies_ahead(start: str, now: datetime) -> bool:
    """Whether an instant, or a day, is still to come."""
    if len(start) == len("2027-01-05"):
        return date.fromisoformat(start) >= now.date()
    return datetime.fromisoformat(start) > now


async def hold_still(session: AsyncSession, engagement_id: str) -> None:
    """Let no record of the engagement be written until the transaction ends: whoever calls a
    session off afterwards finds this email among those that have it."""
    await session.execute(
        select(engagements.c.id).where(engagements.c.id == engagement_id).with_for_update(read=True)
    )


async def entry_of(session: AsyncSession, item_id: str, holder_id: str) -> Entry | None:
    """What stands in one reader's calendar; ``None`` where nothing does, or no more."""
    return (await _entries(session, item_id, holder_id)).get(holder_id)


async def must_hear_themselves(session: AsyncSession, held: Held, now: datetime) -> bool:
    """Whether a date in the recipient's own calendar hangs on this email alone. It may have been
    reserved before they went away: nobody can take it out of their calendar for them."""
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


async def invited(
    session: AsyncSession,
    record: Record,
    found: Mapping[str, Sequence[str]],
    calendar: Mapping[str, Any],
    now: datetime,
) -> list[str]:
    """Whose calendars have the item's date, and who get no other email of the record about it.

    ``found`` has who is behind each selector of the record's notices. Whoever of them is away is
    told by somebody else: their own calendar has to hear of it all the same.
    """
    meant = {
        one
        for notice in record.notices
        if notice.kind in CARRYING
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
        if holder not in meant or chosen[holder].stands_in(today) is not None
    )


async def keep(
    session: AsyncSession,
    notification_id: str,
    holder_id: str,
    *,
    item_id: str,
    method: str,
    sequence: int,
    start: str,
    now: datetime,
) -> None:
    """Note the calendar part of an email that is about to leave, in place of an earlier round's."""
    await session.execute(
        delete(calendar_parts).where(calendar_parts.c.notification_id == notification_id)
    )
    await session.execute(
        insert(calendar_parts).values(
            notification_id=notification_id,
            item_id=item_id,
            holder_id=holder_id,
            method=method,
            sequence=sequence,
            start=start,
            at=now,
        )
    )


async def _entries(
    session: AsyncSession, item_id: str, holder_id: str | None = None
) -> dict[str, Entry]:
    c = calendar_parts.c
    query = (
        select(c.holder_id, c.method, c.sequence, c.start, notifications.c.state)
        .join_from(calendar_parts, notifications, notifications.c.id == c.notification_id)
        .where(c.item_id == item_id, notifications.c.state.in_(_MAY_HAVE_IT))
        # One record may take a date out for who is away, and set it for who turns out to be there:
        # then it stands. "CANCEL" comes first in the alphabet, too.
        .order_by(c.sequence, c.method)
    )
    if holder_id is not None:
        query = query.where(c.holder_id == holder_id)
    standing: dict[str, Entry] = {}
    under_way: set[str] = set()
    for row in await session.execute(query):
        if row.method == "CANCEL":
            standing.pop(row.holder_id, None)
            continue
        if row.state == "claimed":
            under_way.add(row.holder_id)
        standing[row.holder_id] = Entry(row.sequence, row.start, row.holder_id in under_way)
    return standing
