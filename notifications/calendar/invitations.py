"""The calendar part of an email: which emails have one, its number, and its text.

``SEQUENCE`` is the number of the item's record that set, moved or removed the date. It is stored
and only grows, so calendars keep the later change even if emails arrive out of order.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import (
    CALLED_OFF,
    DUE,
    FIXES,
    REMOVES,
    SentEntry,
    entry_of,
)
from notifications.calendar.ical import Entry, Method, Person, calendar_text, uid_of
from notifications.content.message import Message
from notifications.content.scene import MEMBERS_OWN
from notifications.delivery.recipient import ONE_EMAIL
from notifications.senders.protocol import Invitation, Transient
from notifications.words import entry, fill
from storage.sql import events

SUBMIT, REVISE = "submit", "revise"
SENDS_IN = (SUBMIT, REVISE)
"""The tasks of a review whose due day is the review's calendar entry."""

_FIXED, _HELD = "advice.confirmed", "advice.held"
_SESSION_CHANGES = (
    _FIXED,
    "advice.missed",
    "advice.dates_proposed",
    _HELD,
    "advice.closed",
)
DATE_CHANGES = ("review.opened", "review.returned", "deadline.moved")
"""The facts that set or move the due day of a review."""


@dataclass(frozen=True)
class DateChange:
    """A fact about an item's date, under the number of its record."""

    sequence: int
    kind: str
    session: str = ""


@dataclass(frozen=True)
class CalendarPart:
    """The calendar part of an email."""

    method: Method
    entry: Entry

    @property
    def sequence(self) -> int:
        """The part's number."""
        return self.entry.sequence

    @property
    def start(self) -> str:
        """The instant or the day, in ISO 8601."""
        return self.entry.start.isoformat()

    @property
    def invitation(self) -> Invitation:
        """The part as the email carries it."""
        return Invitation(self.method, calendar_text(self.method, [self.entry]))


class Held(Protocol):
    """A notification that an attempt has locked."""

    @property
    def kind(self) -> str:
        """Its kind of email."""

    @property
    def item_id(self) -> str:
        """The item that it is about."""

    @property
    def sequence(self) -> int:
        """The number of its record."""


async def calendar_part(
    session: AsyncSession, held: Held, message: Message, sent_by: str, now: datetime
) -> CalendarPart | str | None:
    """The calendar part of an email of ``WITH_CALENDAR``; ``None`` if it has none after all.

    Returns the reason as a string if the email is to be withheld. Raises ``Transient`` while an
    invitation that it would cancel is on its way. ``sent_by`` is the organiser's address where the
    programme has none for replies.
    """
    changes = await read_date_changes(session, held.kind, held.item_id)
    if reason := session_gone_reason(held.kind, changes):
        return reason
    current = None
    if held.kind in REMOVES:
        current = await entry_of(session, held.item_id, message.recipient.id)
        if current is not None and current.under_way:
            raise Transient("invitation_under_way", ONE_EMAIL)
    part = make_part(message, changes, current, held.sequence, sent_by, now)
    if held.kind in CALLED_OFF and part is None:
        return "not_invited"
    return part


async def read_date_changes(
    session: AsyncSession, kind: str, item_id: str
) -> tuple[DateChange, ...]:
    """The changes of the item's date so far; empty for kinds of email that do not name it."""
    wanted = _SESSION_CHANGES if kind in FIXES else DATE_CHANGES if kind in DUE else ()
    if not wanted:
        return ()
    query = (
        select(events.c.sequence, events.c.kind, events.c.data)
        .where(events.c.item_id == item_id, events.c.kind.in_(wanted))
        .order_by(events.c.sequence, events.c.position)
    )
    rows = await session.execute(query)
    return tuple(DateChange(row.sequence, row.kind, row.data.get("session", "")) for row in rows)


def make_part(
    it: Message,
    changes: tuple[DateChange, ...],
    current: SentEntry | None,
    sequence: int,
    sent_by: str,
    now: datetime,
) -> CalendarPart | None:
    """Make the calendar part of an email; ``None`` if it has none.

    ``current`` is the recipient's entry; ``sequence`` is the number of the email's record.
    """
    if it.kind in FIXES:
        return _fixed(it, changes, sequence, sent_by, now)
    if it.kind in REMOVES:
        return _removed(it, current, sequence, sent_by, now)
    if it.kind in DUE and it.scene.item_kind == "review" and it.task in SENDS_IN:
        newest = max((change.sequence for change in changes), default=sequence)
        return CalendarPart("PUBLISH", _due(it, it.due_day(), max(sequence, newest), sent_by, now))
    return None


def session_gone_reason(kind: str, changes: tuple[DateChange, ...]) -> str:
    """The reason if the session that an email announces was held or called off; otherwise empty."""
    if kind not in FIXES or not changes or changes[-1].kind == _FIXED:
        return ""
    fixed = max((n for n, change in enumerate(changes) if change.kind == _FIXED), default=-1)
    held = any(change.kind == _HELD for change in changes[fixed + 1 :])
    return "session_held" if held else "session_called_off"


def _fixed(
    it: Message, changes: tuple[DateChange, ...], sequence: int, sent_by: str, now: datetime
) -> CalendarPart | None:
    session = it.data("session")
    if not session:
        return None
    # An agenda that waited names the current session, under that session's number.
    newest = max((change.sequence for change in changes if change.kind == _FIXED), default=sequence)
    found = _session(it, session, max(sequence, newest), sent_by, now)
    return CalendarPart("REQUEST", found)


def _removed(
    it: Message, current: SentEntry | None, sequence: int, sent_by: str, now: datetime
) -> CalendarPart | None:
    # An entry with the same or a higher number was set by the same record or a later one: it stays.
    if current is None or current.sequence >= sequence:
        return None
    if it.scene.item_kind == "review":
        if not current.lies_ahead(now):
            return None
        start = _instant_or_day(current.start)
        return CalendarPart("CANCEL", _due(it, start, sequence, sent_by, now, cancelled=True))
    found = _session(it, current.start, sequence, sent_by, now, cancelled=True)
    return CalendarPart("CANCEL", found)


def _session(
    it: Message,
    session: str,
    sequence: int,
    sent_by: str,
    now: datetime,
    *,
    cancelled: bool = False,
) -> Entry:
    scene, words = it.scene, entry("calendar", "session", language=it.language)
    adviser = scene.name_of(scene.adviser_id)
    with_whom = adviser if it.recipient.role in MEMBERS_OWN and adviser else scene.member
    return Entry(
        uid=uid_of(it.public_url, scene.item_id),
        sequence=sequence,
        stamp=now,
        start=datetime.fromisoformat(session),
        zone=scene.clock.zone,
        summary=fill(words["title"], {"who": with_whom}),
        description=fill(words["text"], {"programme": scene.titles.programme, "link": it.link()}),
        link=it.link(),
        organiser=Person(scene.titles.office, scene.titles.reply_to or sent_by),
        attendee=Person(it.recipient.name, it.recipient.email),
        cancelled=cancelled,
    )


def _due(
    it: Message,
    start: datetime | date,
    sequence: int,
    sent_by: str,
    now: datetime,
    *,
    cancelled: bool = False,
) -> Entry:
    scene, words = it.scene, entry("calendar", "due", language=it.language)
    task = scene.tasks.get(it.task)
    values = {
        "task": it.task_words(task).title if task else it.item_title(),
        "item": it.item_title(),
        "member": scene.member,
        "programme": scene.titles.programme,
        "link": it.link(),
    }
    return Entry(
        uid=uid_of(it.public_url, scene.item_id),
        sequence=sequence,
        stamp=now,
        start=start,
        zone=scene.clock.zone,
        summary=fill(words["title"], values),
        description=fill(words["text"], values),
        link=it.link(),
        organiser=Person(scene.titles.office, scene.titles.reply_to or sent_by),
        cancelled=cancelled,
    )


def _instant_or_day(text: str) -> datetime | date:
    if len(text) == len("2027-01-05"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text)
