"""The calendar part of an email: which email has one, under which number, and what it says.

A session's ``SEQUENCE`` is the number of the item's record that fixed or moved it; a due date's is
its revision. Both are stored and only ever grow, so a later email wins whatever its way took.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.ical import Entry, Somebody, calendar_text, uid_of
from notifications.occasion import Occasion
from notifications.scene import MEMBERS_OWN
from notifications.senders.protocol import Invitation
from notifications.words import entry, fill
from storage.sql import events

FIXES = frozenset({"advice.confirmed", "advice.agenda"})
"""Emails that put a session into the calendar."""
LIFTS = frozenset({"advice.missed", "advice.dates_proposed", "advice.closed"})
"""Emails that take it out, where one stood."""
DUE = frozenset({"review.opened", "task.moved"})
"""Emails with the day by which a review is to be sent in."""
SUBMIT = "submit"

_FIXED = "advice.confirmed"
_HELD = "advice.held"
_TURNS = (_FIXED, "advice.missed", "advice.dates_proposed", _HELD)
"""What may happen to a session's date."""


@dataclass(frozen=True)
class Turn:
    """A fact about an item's session, under the number of its record."""

    sequence: int
    kind: str
    session: str


async def read_turns(session: AsyncSession, kind: str, item_id: str) -> tuple[Turn, ...]:
    """What happened to the session's date so far; asked only for emails that could name it."""
    if kind not in FIXES | LIFTS:
        return ()
    query = (
        select(events.c.sequence, events.c.kind, events.c.data)
        .where(events.c.item_id == item_id, events.c.kind.in_(_TURNS))
        .order_by(events.c.sequence, events.c.position)
    )
    rows = await session.execute(query)
    return tuple(Turn(row.sequence, row.kind, row.data.get("session", "")) for row in rows)


def invitation(
    it: Occasion, turns: tuple[Turn, ...], sequence: int, revision: int, sent_by: str, now: datetime
) -> Invitation | None:
    """The calendar part of an email, or ``None`` where it has none.

    ``sequence`` is that of the record that the email belongs to, ``revision`` that of its task;
    ``sent_by`` stands in where a programme names no address for replies.
    """
    if it.kind in FIXES:
        return _fixed(it, turns, sequence, sent_by, now)
    if it.kind in LIFTS:
        return _lifted(it, turns, sequence, sent_by, now)
    if it.kind in DUE and it.scene.item_kind == "review" and it.task == SUBMIT:
        return _due(it, revision, sent_by, now)
    return None


def _fixed(
    it: Occasion, turns: tuple[Turn, ...], sequence: int, sent_by: str, now: datetime
) -> Invitation | None:
    session = it.data("session")
    if not session:
        return None
    # An agenda that waited names the session as it stands by now, under that session's number.
    newest = max((turn.sequence for turn in turns if turn.kind == _FIXED), default=sequence)
    found = _session(it, session, max(sequence, newest), sent_by, now)
    return Invitation("REQUEST", calendar_text("REQUEST", [found]))


def _lifted(
    it: Occasion, turns: tuple[Turn, ...], sequence: int, sent_by: str, now: datetime
) -> Invitation | None:
    before = [turn for turn in turns if turn.sequence < sequence]
    fixed_again = any(turn.kind == _FIXED and turn.sequence > sequence for turn in turns)
    if not before or before[-1].kind != _FIXED or fixed_again:
        return None
    found = _session(it, before[-1].session, sequence, sent_by, now, cancelled=True)
    return Invitation("CANCEL", calendar_text("CANCEL", [found]))


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


def _due(it: Occasion, revision: int, sent_by: str, now: datetime) -> Invitation:
    task, scene = it.open_task(), it.scene
    words, clock = entry("calendar", "due", language=it.language), scene.clock
    values = {
        "task": it.task_words(task).title,
        "item": it.item_title(),
        "member": scene.member,
        "programme": scene.titles.programme,
        "link": it.link(),
    }
    found = Entry(
        uid=uid_of(it.public_url, scene.item_id),
        sequence=max(revision, task.revision),
        stamp=now,
        start=task.due_at if clock.to_the_minute else clock.local_date(task.due_at),
        zone=clock.zone,
        summary=fill(words["title"], values),
        description=fill(words["text"], values),
        link=it.link(),
        organiser=Somebody(scene.titles.office, scene.titles.reply_to or sent_by),
    )
    return Invitation("PUBLISH", calendar_text("PUBLISH", [found]))
