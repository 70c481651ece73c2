"""An entry of a calendar and the iCalendar text (RFC 5545) around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    # Slow to import, and only an email or a feed with a date needs it: the functions import it.
    from icalendar import Event, vCalAddress

Method = Literal["REQUEST", "PUBLISH", "CANCEL"]

PRODUCT = "-//Milepost//Milepost//EN"
SESSION_LASTS = timedelta(hours=1)
"""How long an advice session blocks in a calendar: nobody agrees an end, and one without an end
blocks nothing at all."""


@dataclass(frozen=True)
class Somebody:
    """Who invites, or who is invited."""

    name: str
    email: str


@dataclass(frozen=True)
class Entry:
    """A session (an instant), or a day by which something is due (a date)."""

    uid: str
    """The same for the life of what it stands for: see ``uid_of``."""
    sequence: int
    """Grows with each change of the date; calendars leave out what is older than they have."""
    stamp: datetime
    start: datetime | date
    zone: str
    summary: str
    description: str
    link: str
    organiser: Somebody
    attendee: Somebody | None = None
    cancelled: bool = False


def uid_of(public_url: str, item_id: str, task: str = "") -> str:
    """``<item id>@<host>`` for what an item is about; ``<item id>.<task>@<host>`` for its tasks."""
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
    calendar.add_missing_timezones()
    content: bytes = calendar.to_ical()
    return content.decode()


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
        # A due date is a mark on the day: it blocks nobody's time.
        event.add("transp", "TRANSPARENT")
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("url", entry.link)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event["organizer"] = _address(entry.organiser)
    if entry.attendee is not None:
        attendee = _address(entry.attendee)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        # The date was agreed: nobody has to answer, and no answer would be read.
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee, encode=False)
    return event


def _address(somebody: Somebody) -> "vCalAddress":
    from icalendar import vCalAddress, vText

    address = vCalAddress(f"mailto:{somebody.email}")
    # A parameter can hold neither quotation marks nor line ends (RFC 5545, 3.2).
    name = " ".join(somebody.name.replace('"', "'").split())
    address.params["CN"] = vText(name)
    return address
