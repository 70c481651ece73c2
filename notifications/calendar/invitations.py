"""The calendar part of an email: which email has one, under which number, and what it says.

``SEQUENCE`` is the number of the item's record that set, moved or lifted the date. It is stored and
only ever grows, so a later email wins whatever its way took.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import DUE, FIXES, LIFTS
from notifications.calendar.entries import Entry as Standing
from notifications.calendar.ical import Entry, Method, Somebody, calendar_text, uid_of
from notifications.content.message import Occasion
from notifications.content.scene import MEMBERS_OWN
from notifications.senders.protocol import Invitation
from notifications.words import entry, fill
from storage.sql import events

SUBMIT, REVISE = "submit", "revise"
SENDS_IN = (SUBMIT, REVISE)
"""The tasks of a review whose date is the review's in a calendar."""

_FIXED, _HELD = "advice.confirmed", "advice.held"
_SESSION_TURNS = (
    _FIXED,
    "advice.missed",
    "advice.dates_proposed",
    _HELD,
    "advice.closed",
)
DATE_TURNS = ("review.opened", "review.returned", "deadline.moved")
"""What sets or moves the date by which a review is to be sent in."""


@dataclass(frozen=True)
class Turn:
    """A fact about an item's date, under the number of its record."""

    sequence: int
    kind: str
    session: str = ""


@dataclass(frozen=True)
class Drafted:
    """A calendar part, and what of it is noted down."""

    method: Method
    entry: Entry

    @property
    def start(self) -> str:
        """The instant or the day, in ISO 8601."""
        return self.entry.start.isoformat()

    @property
    def invitation(self) -> Invitation:
        """As it goes with the email."""
        return Invitation(self.method, calendar_text(self.method, [self.entry]))


async def read_turns(session: AsyncSession, kind: str, item_id: str) -> tuple[Turn, ...]:
    """What happened to the item's date so far; asked only for emails that name it."""
    wanted = _SESSION_TURNS if kind in FIXES else DATE_TURNS if kind in DUE else ()
    if not wanted:
        return ()
    query = (
        select(events.c.sequence, events.c.kind, events.c.data)
        .where(events.c.item_id == item_id, events.c.kind.in_(wanted))
        .order_by(events.c.sequence, events.c.position)
    )
    rows = await session.execute(query)
    return tuple(Turn(row.sequence, row.kind, row.data.get("session", "")) for row in rows)


def draft(
    it: Occasion,
    turns: tuple[Turn, ...],
    standing: Standing | None,
    sequence: int,
    sent_by: str,
    now: datetime,
) -> Drafted | None:
    """The calendar part of an email, or ``None`` where it has none.

    ``standing`` is what its reader's calendar has; ``sequence`` the number of the record that the
    email belongs to; ``sent_by`` stands in where a programme names no address for replies.
    """
    if it.kind in FIXES:
        return _fixed(it, turns, sequence, sent_by, now)
    if it.kind in LIFTS:
        return _lifted(it, standing, sequence, sent_by, now)
    if it.kind in DUE and it.scene.item_kind == "review" and it.task in SENDS_IN:
        newest = max((turn.sequence for turn in turns), default=sequence)
        return Drafted("PUBLISH", _due(it, it.due_day(), max(sequence, newest), sent_by, now))
    return None


def stands_no_more(kind: str, turns: tuple[Turn, ...]) -> str:
    """The named reason why an email would put a session into calendars that was held, or called
    off, meanwhile; empty where it stands."""
    if kind not in FIXES or not turns or turns[-1].kind == _FIXED:
        return ""
    fixed = max((n for n, turn in enumerate(turns) if turn.kind == _FIXED), default=-1)
    held = any(turn.kind == _HELD for turn in turns[fixed + 1 :])
    return "session_held" if held else "session_called_off"


def _fixed(
    it: Occasion, turns: tuple[Turn, ...], sequence: int, sent_by: str, now: datetime
) -> Drafted | None:
    session = it.data("session")
    if not session:
        return None
    # An agenda that waited names the session as it stands by now, under that session's number.
    newest = max((turn.sequence for turn in turns if turn.kind == _FIXED), default=sequence)
    found = _session(it, session, max(sequence, newest), sent_by, now)
    return Drafted("REQUEST", found)


def _lifted(
    it: Occasion, standing: Standing | None, sequence: int, sent_by: str, now: datetime
) -> Drafted | None:
    # What has as high a number was set since, or by the same record: that stands.
    if standing is None or standing.sequence >= sequence:
        return None
    if it.scene.item_kind == "review":
        if not standing.lies_ahead(now):
            return None
        start = _instant_or_day(standing.start)
        return Drafted("CANCEL", _due(it, start, sequence, sent_by, now, cancelled=True))
    found = _session(it, standing.start, sequence, sent_by, now, cancelled=True)
    return Drafted("CANCEL", found)


def _session(
    it: Occasion,
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
        organiser=Somebody(scene.titles.office, scene.titles.reply_to or sent_by),
        attendee=Somebody(it.recipient.name, it.recipient.email),
        cancelled=cancelled,
    )


def _due(
    it: Occasion,
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
        organiser=Somebody(scene.titles.office, scene.titles.reply_to or sent_by),
        cancelled=cancelled,
    )


def _instant_or_day(text: str) -> datetime | date:
    if len(text) == len("2027-01-05"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text)
