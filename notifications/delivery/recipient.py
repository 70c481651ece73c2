"""Who is told, and when: what recipients have chosen, asked just before an email leaves."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import Occasion
from notifications.content.programme import newest_definition
from notifications.content.scene import MEMBERS_OWN, Who
from notifications.delivery.delegates import heard_of, stand_in_of
from notifications.delivery.ledger import Held
from notifications.delivery.preferences import Choices, manners_of
from notifications.languages import ENGLISH, Mode
from notifications.senders.protocol import Transient
from programmes.calendar import WorkingCalendar
from programmes.definition import Definition
from programmes.vocabulary import Digest
from storage.sql import notifications

Category = Literal["transactional", "reminder", "digest", "personal"]
"""``transactional``: it answers something, or only the recipient can go on; it always goes.
``reminder``: what comes ahead of a date; one may have them collected. ``digest``: a summary.
``personal``: it is about what the recipient alone has done, or has in their own calendar: whoever
stands in can do nothing about it."""


_ONE_EMAIL = timedelta(seconds=15)
"""Longer than one email takes to be handed over."""


class Quiet(Transient):
    """Its recipient gets nothing now: the email waits for their next day or hours."""


@dataclass(frozen=True)
class Told:
    """The email as it goes, to the recipient or to whoever stands in; or ``None`` and why not."""

    occasion: Occasion | None
    reason: str = ""
    language: Mode = ENGLISH
    """In which it is written."""


async def courtesy(
    session: AsyncSession, held: Held, category: Category, occasion: Occasion, now: datetime
) -> Told:
    """Judge one email that is true. Raises ``Quiet`` with the time until it may go."""
    recipient, calendar = occasion.recipient, occasion.readers_calendar
    theirs, suppressed = await manners_of(session, recipient.id, recipient.email)
    instead = None
    if category != "personal":
        today = calendar.local_date(now)
        instead = await stand_in_of(session, theirs, today, unreachable=suppressed)
    if instead is not None:
        # It goes by itself: a summary is the recipient's own.
        theirs, suppressed = instead.choices, False
        occasion = replace(occasion, recipient=instead.who, instead_of=recipient)
    elif category == "reminder" and await _collected(session, held, occasion, theirs, now):
        return Told(None, "in_digest")
    if suppressed:
        return Told(None, "suppressed")
    if category != "personal":
        match await heard_of(session, held, occasion.recipient.id, instead=instead is not None):
            case "yes":
                return Told(None, "delegate_told" if instead else "told_as_stand_in")
            case "under_way":
                raise Quiet("same_under_way", _ONE_EMAIL)
    keep_quiet(theirs, calendar, now)
    await note_address(session, held.id, occasion.recipient)
    return Told(occasion, language=theirs.language)


async def note_address(session: AsyncSession, notification_id: str, who: Who) -> None:
    """Keep on the ledger who gets it, and enough of the address to know it again."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(told_id=who.id, addressed=fingerprint(who.email))
    )


def next_summary(
    definition: Definition,
    side: Digest,
    theirs: Choices,
    calendar: WorkingCalendar,
    after: datetime,
) -> datetime | None:
    """By when the first summary that begins after that instant has left; ``None`` where they get
    none."""
    at = definition.digests.time_of(side)
    if at is None or not theirs.digests:
        return None
    comes = at.next_after(after, definition.calendar.zone)
    comes += wait_for_a_day(theirs, calendar, comes) or timedelta()
    return calendar.next_send_instant(comes)


def told_in_time(
    definition: Definition | None,
    side: Digest,
    theirs: Choices,
    calendar: WorkingCalendar,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Whether a summary tells of a task before its date, if that is collected now."""
    if definition is None:
        return False
    comes = next_summary(definition, side, theirs, calendar, now)
    return comes is not None and comes < due_at


async def _collected(
    session: AsyncSession, held: Held, occasion: Occasion, theirs: Choices, now: datetime
) -> bool:
    """Whether a reminder goes into the next summary. When that comes the newest definition says,
    whatever the version that the engagement runs on."""
    scene = occasion.scene
    task = scene.tasks.get(occasion.task)
    if theirs.reminders != "digest" or task is None or task.revision != held.revision:
        return False
    newest = await newest_definition(session, scene.programme_id)
    side: Digest = "member" if occasion.recipient.role in MEMBERS_OWN else "manager"
    return told_in_time(newest, side, theirs, occasion.readers_calendar, task.due_at, now)


def fingerprint(address: str) -> str:
    """SHA-256 of an address."""
    return sha256(address.lower().encode()).hexdigest()


def wait_for_a_day(theirs: Choices, calendar: WorkingCalendar, now: datetime) -> timedelta | None:
    """How long until a day on which they take emails; ``None`` where that is today.

    Quiet days that would leave no working day at all are not heeded, nor is there any day to wait
    for in a calendar that counts in seconds.
    """
    today = calendar.local_date(now)
    heeded = without_quiet_days(theirs, calendar)
    if heeded is calendar or today.weekday() not in theirs.quiet_weekdays:
        return None
    return heeded.next_send_instant(now) - now


def without_quiet_days(theirs: Choices, calendar: WorkingCalendar) -> WorkingCalendar:
    """The calendar without their quiet days; the same one where these are not heeded."""
    days = tuple(d for d in calendar.working_weekdays if d not in theirs.quiet_weekdays)
    if calendar.always_open or not days or days == calendar.working_weekdays:
        return calendar
    return replace(calendar, working_weekdays=days)


def keep_quiet(theirs: Choices, calendar: WorkingCalendar, now: datetime) -> None:
    """Raises ``Quiet`` where they take nothing today."""
    wait = wait_for_a_day(theirs, calendar, now)
    if wait is not None:
        raise Quiet("quiet_day", wait)
