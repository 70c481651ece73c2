"""Calendar entries and their iCalendar text (RFC 5545)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    # Slow to import, and only an email or a feed with a date needs it: the functions import it.
    from icalendar import Event, Timezone, vCalAddress

from programmes.fields import one_line

Method = Literal["REQUEST", "PUBLISH", "CANCEL"]

PRODUCT = "-//Milepost//Milepost//EN"
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""What no text of a calendar may hold (RFC 5545, 3.1)."""
SESSION_LASTS = timedelta(hours=1)
"""How long an advice session blocks in a calendar. No end is agreed, and an entry without an end
blocks no time."""


@dataclass(frozen=True)
class Person:
    """The organiser or the attendee."""

    name: str
    email: str


@dataclass(frozen=True)
class Entry:
    """A session (an instant), or a due day (a date)."""

    uid: str
    """It stays the same for the life of the session or due day: see ``uid_of``."""
    sequence: int
    """It grows with each change of the date. Calendars ignore a lower number."""
    stamp: datetime
    start: datetime | date
    zone: str
    summary: str
    description: str
    link: str
    organiser: Person
    attendee: Person | None = None
    cancelled: bool = False


def uid_of(public_url: str, item_id: str, task: str = "") -> str:
    """``<item id>@<host>`` for an item's own date; ``<item id>.<task>@<host>`` for its tasks."""
    host = urlsplit(public_url).hostname or "milepost"
    return f"{item_id}.{task}@{host}" if task else f"{item_id}@{host}"


def calendar_text(method: Method, entries: Sequence[Entry], name: str = "") -> str:
    """The whole ``VCALENDAR``, with the time zones that it uses and CRLF line ends."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if name:
        calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(_event(entry))
    calendar.subcomponents[:0] = map(_timezone, sorted(calendar.get_missing_tzids()))
    content: bytes = calendar.to_ical()
    return content.decode()


@cache
def _timezone(zone: str) -> "Timezone":
    """A time zone's changes: kept, since working them out takes longer than all the rest."""
    from icalendar import Timezone

    return Timezone.from_tzid(zone)


def _event(entry: Entry) -> "Event":
    from icalendar import Event, vText

    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp.astimezone(UTC))
    if isinstance(entry.start, datetime):
        start = entry.start.astimezone(ZoneInfo(entry.zone))
        event.add("dtstart", start)
        event.add("dtend", start + SESSION_LASTS)
    else:
        event.add("dtstart", entry.start)
        event.add("dtend", entry.start + timedelta(days=1))
        # A due date marks the day and blocks no time.
        event.add("transp", "TRANSPARENT")
    event.add("summary", one_line(entry.summary))
    event.add("description", re.sub(_CONTROLS, " ", entry.description))
    event.add("url", entry.link)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event["organizer"] = _address(entry.organiser)
    if entry.attendee is not None:
        attendee = _address(entry.attendee)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        # The date was agreed, so no reply is needed, and none would be read.
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee, encode=False)
    return event


def _address(person: Person) -> "vCalAddress":
    from icalendar import vCalAddress, vText

    address = vCalAddress(f"mailto:{person.email}")
    # A parameter can hold neither quotation marks nor control characters (RFC 5545, 3.2). Some
    # readers take a backslash for the beginning of an escape.
    name = one_line(person.name.replace('"', "'").replace("\\", "/"))
    address.params["CN"] = vText(name)
    return address
