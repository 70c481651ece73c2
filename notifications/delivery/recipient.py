"""Decides who gets an email and when, from what recipients have chosen, just before it leaves."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import Message
from notifications.content.programme import newest_definition
from notifications.content.scene import MEMBERS_OWN, Who, read_recipient
from notifications.delivery.ledger import Held
from notifications.delivery.preferences import Choices, choices_and_suppression
from notifications.senders.protocol import Transient
from notifications.words import languages_of
from programmes.calendar import WorkingCalendar
from programmes.definition import Definition
from programmes.vocabulary import Digest, Language
from storage.sql import choices, notifications

Category = Literal["transactional", "reminder", "digest", "personal"]
"""``transactional``: an answer, or a task that only the recipient can do; it always goes.
``reminder``: it precedes a date, and a recipient may have reminders collected. ``digest``: a
summary. ``personal``: about what the recipient did or has in their own calendar; a delegate cannot
act on it."""


ONE_EMAIL = timedelta(seconds=15)
"""Longer than it takes to hand over one email."""


class Quiet(Transient):
    """The recipient gets nothing now: the email waits for their next day or hours."""


async def decide_recipient(
    session: AsyncSession, held: Held, category: Category, message: Message, now: datetime
) -> tuple[Message, tuple[Language, ...]] | str:
    """Address a message that is true, to its recipient or to their delegate.

    Returns the message with its languages, or the reason to withhold it. Raises ``Quiet`` with the
    time until it may go.
    """
    recipient, calendar = message.recipient, message.recipient_calendar
    chosen, suppressed = await choices_and_suppression(session, recipient.id, recipient.email)
    delegate = None
    if category != "personal":
        today = calendar.local_date(now)
        delegate = await delegate_of(session, chosen, today, unreachable=suppressed)
    if delegate is not None:
        # A delegate gets it as a single email: a summary covers only their own tasks.
        chosen, suppressed = delegate.choices, False
        message = replace(message, recipient=delegate.who, instead_of=recipient)
    elif category == "reminder" and await _goes_into_summary(session, held, message, chosen, now):
        return "in_digest"
    if suppressed:
        return "suppressed"
    instead = delegate is not None
    if category != "personal" and await already_told(
        session, held, message.recipient.id, instead=instead
    ):
        return "delegate_told" if instead else "told_as_stand_in"
    require_open_day(chosen, calendar, now)
    return message, languages_of(chosen.language)


@dataclass(frozen=True)
class Delegate:
    """The person who covers for an absent recipient, with their own choices."""

    who: Who
    choices: Choices


async def delegate_of(
    session: AsyncSession, absent: Choices, day: date, *, unreachable: bool
) -> Delegate | None:
    """The active delegate who can receive emails and is not away too; ``None`` without one.

    ``unreachable``: the absent recipient's own address takes nothing. Then the delegate gets the
    email even on holiday, because otherwise no person would.
    """
    named = absent.delegate_on(day)
    who = await read_recipient(session, named) if named else None
    if who is None or not who.active:
        return None
    theirs, suppressed = await choices_and_suppression(session, who.id, who.email)
    if suppressed or (theirs.is_away(day) and not unreachable):
        return None
    return Delegate(who, theirs)


_TOLD = ("unknown", "accepted", "deferred", "delivered", "complained")
"""The states of an email that reached its reader, or may have."""

_BATCHED = "collapsed"
"""The reason of an email that was withheld because another email includes it."""


async def already_told(session: AsyncSession, held: Held, who_id: str, *, instead: bool) -> bool:
    """Whether that person got the same notice by another email: their own, or one as a delegate.

    The first of several such emails to leave counts. ``instead``: this email goes to a delegate.
    Raises ``Quiet`` while another attempt is sending or deciding the same notice.
    """
    if not (instead or await _same_notice(session, held, who_id)):
        return False
    if not await _lock_notice(session, held):
        raise Quiet("same_under_way", ONE_EMAIL)
    # Read again: from now on no other attempt decides about the same notice.
    found = {(row[0], row[1]) for row in await _same_notice(session, held, who_id) if row[2]}
    if any(state in _TOLD or reason == _BATCHED for state, reason in found):
        return True
    if any(state == "claimed" for state, _ in found):
        raise Quiet("same_under_way", ONE_EMAIL)
    return False


async def _same_notice(
    session: AsyncSession, held: Held, who_id: str
) -> list[tuple[str, str, bool]]:
    """State and reason of the notice's other emails to them, and whether each went to them.

    Those that may go to them as a delegate are among them.
    """
    c = notifications.c
    query = (
        select(c.state, c.reason, c.told_id)
        .select_from(notifications.outerjoin(choices, choices.c.holder_id == c.recipient_id))
        .where(
            c.item_id == held.item_id,
            c.sequence == held.sequence,
            c.kind == held.kind,
            c.rung == held.rung,
            c.id != held.id,
            or_(c.told_id == who_id, choices.c.delegate_id == who_id),
        )
    )
    return [(row[0], row[1], row[2] == who_id) for row in await session.execute(query)]


async def _lock_notice(session: AsyncSession, held: Held) -> bool:
    """Try to be the only attempt that decides about a notice until this transaction ends.

    It does not wait, so that two attempts cannot wait for each other. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    notice = f"{held.item_id}/{held.sequence}/{held.kind}/{held.rung}"
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(notice, 0))
    return bool((await session.execute(select(lock))).scalar_one())


async def note_address(session: AsyncSession, notification_id: str, who: Who) -> None:
    """Note on the ledger who gets it, and a fingerprint of their address."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(told_id=who.id, addressed=fingerprint(who.email))
    )


def fingerprint(address: str) -> str:
    """SHA-256 of an address."""
    return sha256(address.lower().encode()).hexdigest()


async def _goes_into_summary(
    session: AsyncSession, held: Held, message: Message, chosen: Choices, now: datetime
) -> bool:
    """Whether a reminder goes into the next summary. The newest definition says when that comes,
    whatever version the engagement runs on."""
    scene = message.scene
    task = scene.tasks.get(message.task)
    if chosen.reminders != "digest" or task is None or task.revision != held.revision:
        return False
    newest = await newest_definition(session, scene.programme_id)
    side: Digest = "member" if message.recipient.role in MEMBERS_OWN else "manager"
    return in_time_for_summary(newest, side, chosen, message.recipient_calendar, task.due_at, now)


def next_summary(
    definition: Definition,
    side: Digest,
    chosen: Choices,
    calendar: WorkingCalendar,
    after: datetime,
) -> datetime | None:
    """When the first summary that begins after that instant leaves; ``None`` if they get none."""
    at = definition.digests.time_of(side)
    if at is None or not chosen.digests:
        return None
    comes = at.next_after(after, definition.calendar.zone)
    comes += wait_for_a_day(chosen, calendar, comes) or timedelta()
    return calendar.next_send_instant(comes)


def in_time_for_summary(
    definition: Definition | None,
    side: Digest,
    chosen: Choices,
    calendar: WorkingCalendar,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Whether a reminder collected now would be in a summary before its task's date."""
    if definition is None:
        return False
    comes = next_summary(definition, side, chosen, calendar, now)
    return comes is not None and comes < due_at


def wait_for_a_day(chosen: Choices, calendar: WorkingCalendar, now: datetime) -> timedelta | None:
    """How long until a day on which they take emails; ``None`` if that is today.

    Quiet days that would leave no working day are ignored. A calendar that counts in seconds has no
    quiet days.
    """
    today = calendar.local_date(now)
    open_days = without_quiet_days(chosen, calendar)
    if open_days is calendar or today.weekday() not in chosen.quiet_weekdays:
        return None
    return open_days.next_send_instant(now) - now


def without_quiet_days(chosen: Choices, calendar: WorkingCalendar) -> WorkingCalendar:
    """The calendar without their quiet days; the same calendar if these are ignored."""
    days = tuple(d for d in calendar.working_weekdays if d not in chosen.quiet_weekdays)
    if calendar.always_open or not days or days == calendar.working_weekdays:
        return calendar
    return replace(calendar, working_weekdays=days)


def require_open_day(chosen: Choices, calendar: WorkingCalendar, now: datetime) -> None:
    """Raise ``Quiet`` if the recipient has opted out of email today."""
    wait = wait_for_a_day(chosen, calendar, now)
    if wait is not None:
        raise Quiet("quiet_day", wait)
