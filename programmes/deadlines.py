"""One deadline: computes its due instant from a duration, and each rung of its ladder from that."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from programmes.calendar import WorkingCalendar, calendar_of
from programmes.durations import Duration, parse_duration
from programmes.rules import LadderEnd, LadderRule, RungRule, StageRule


@dataclass(frozen=True)
class PlannedRung:
    """One reminder or escalation with its instant, in the sending window of a working day."""

    name: str
    at: datetime
    to: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class PlannedDeadline:
    """A task with its due date, and the emails and events around that date."""

    key: str
    owner: str
    due_at: datetime
    soon_at: datetime
    """From then on it counts as due soon."""
    ends_at: datetime
    """When its ladder ends, and ``at_end`` happens."""
    at_end: LadderEnd
    rungs: tuple[PlannedRung, ...]
    rule: str
    """The reason for its date in words: ``3 working days after the start``."""
    opens_at: datetime | None = None
    """When its owner is first asked, if the caller knows it."""


def due_after(calendar: WorkingCalendar, start: datetime, duration: str) -> datetime:
    """The due instant of a task that takes ``duration`` from ``start``.

    Days, weeks and months end when the office closes on the resulting working day, and never before
    ``start``. Minutes and seconds are exact, and move to the next working instant.
    """
    span = parse_duration(duration)
    if span.is_exact or calendar.always_open:
        return calendar.next_working_instant(_exactly(calendar, start, span))
    day = shift_day(calendar, calendar.local_date(start), span)
    due = calendar.closing(day)
    if span.sign > 0 and due < start:
        # "Today", asked for after closing time, is the next working day.
        due = calendar.closing(calendar.add_working_days(day, 1))
    return due


def due_on(calendar: WorkingCalendar, day: date) -> datetime:
    """The due instant of a task for ``day``, or for the next working day."""
    return calendar.closing(calendar.roll_forward(day))


def opening_before(calendar: WorkingCalendar, instant: datetime, span: str) -> datetime:
    """When the office opens on the working day ``span`` before ``instant``."""
    duration = parse_duration(span).before()
    if duration.is_exact or calendar.always_open:
        return calendar.next_working_instant(_exactly(calendar, instant, duration))
    return calendar.opening(shift_day(calendar, calendar.local_date(instant), duration))


def opening_after(calendar: WorkingCalendar, instant: datetime, span: Duration) -> datetime:
    """When the office opens on the working day ``span`` after ``instant``, never before it."""
    if span.is_exact or calendar.always_open:
        return calendar.next_working_instant(_exactly(calendar, instant, span))
    opening = calendar.opening(shift_day(calendar, calendar.local_date(instant), span))
    return calendar.next_working_instant(max(opening, instant))


def deadline(
    key: str,
    stage: StageRule,
    due: datetime,
    ladders: Mapping[str, LadderRule],
    calendar: WorkingCalendar,
    *,
    soon: str,
    rule: str,
    opens: datetime | None = None,
) -> PlannedDeadline:
    """The deadline of a stage that is due at ``due``, with every rung of its ladder.

    Rungs at or before ``opens`` are left out, so that the owner is asked before any reminder.
    """
    ladder = ladders[stage.ladder]
    instants = rung_instants(calendar, due, ladder.rungs, stage.owner)
    last = [instants[-1]] if instants else []
    return PlannedDeadline(
        key=key,
        owner=stage.owner,
        due_at=due,
        soon_at=opening_before(calendar, due, soon),
        ends_at=max([_rung_at(calendar, due, parse_duration(ladder.ends)), *last]),
        at_end=stage.at_end,
        rungs=tuple(
            PlannedRung(rung.name, at, rung.to, rung.says)
            for rung, at in zip(ladder.rungs, instants, strict=True)
            if opens is None or at > opens
        ),
        rule=rule,
        opens_at=opens,
    )


def rung_instants(
    calendar: WorkingCalendar, due: datetime, rungs: Sequence[RungRule], owner: str
) -> tuple[datetime, ...]:
    """The instant of each rung, in order, each later than the one before.

    A rung counts in the member's working days, as the due date does. An email to the office only
    may fall on a day when the office is closed. Then a reminder moves to the working day before,
    and any other email to the working day after.

    Two rungs may fall on one day, such as one and two days after a Friday. They are moved a working
    day apart: backwards before the due date, forwards from then on.
    """
    spans = [parse_duration(rung.at) for rung in rungs]
    theirs = [calendar_of(calendar, heard_by(rung.to, owner)) for rung in rungs]
    instants = [
        _on_their_day(hears, _rung_at(calendar, due, span), back=rung.says == "reminder")
        for rung, span, hears in zip(rungs, spans, theirs, strict=True)
    ]
    if calendar.always_open:
        return tuple(instants)
    day = calendar.local_date(due)
    ahead = sum(
        1
        for span, instant in zip(spans, instants, strict=True)
        if span.sign < 0 or calendar.local_date(instant) < day
    )
    for place in range(ahead - 2, -1, -1):
        if instants[place] >= instants[place + 1]:
            instants[place] = _send_opening(theirs[place], instants[place + 1], -1)
    for place in range(max(ahead, 1), len(instants)):
        if instants[place] <= instants[place - 1]:
            instants[place] = _send_opening(theirs[place], instants[place - 1], 1)
    return tuple(instants)


def heard_by(to: Sequence[str], owner: str) -> tuple[str, ...]:
    """The recipients of a rung, each once; ``owner`` is a role or a person's id."""
    return tuple(dict.fromkeys(owner if one == "owner" else one for one in to))


def shift_day(calendar: WorkingCalendar, day: date, span: Duration) -> date:
    """The working day ``span`` after ``day``.

    If calendar days, weeks or months end on a day off, a span before moves further back, and a span
    after further on.
    """
    if span.unit == "wd":
        return calendar.add_working_days(day, span.signed)
    landed = _plain_shift(day, span)
    return calendar.roll_back(landed) if span.sign < 0 else calendar.roll_forward(landed)


def late_from(calendar: WorkingCalendar, planned: datetime, span: str) -> datetime:
    """The instant from which an email planned for ``planned`` is late."""
    duration = parse_duration(span)
    start = calendar.next_send_instant(planned)
    if duration.is_exact:
        seconds = duration.count * (60 if duration.unit == "min" else 1)
        return _within_windows(calendar, start, timedelta(seconds=seconds))
    local = start.astimezone(ZoneInfo(calendar.zone))
    day = shift_day(calendar, local.date(), duration)
    same_time = datetime.combine(day, local.timetz()).astimezone(UTC)
    return calendar.next_send_instant(same_time)


def _plain_shift(day: date, span: Duration) -> date:
    if span.unit == "months":
        months = day.year * 12 + day.month - 1 + span.signed
        year, month = divmod(months, 12)
        # In a short month the last day counts: a month after 31 January is 28 or 29 February.
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=span.signed * (7 if span.unit == "w" else 1))


def _rung_at(calendar: WorkingCalendar, due: datetime, span: Duration) -> datetime:
    if span.is_exact or calendar.always_open:
        return calendar.next_send_instant(_exactly(calendar, due, span))
    return calendar.send_opening(shift_day(calendar, calendar.local_date(due), span))


def _on_their_day(hears: WorkingCalendar, at: datetime, *, back: bool) -> datetime:
    day = hears.local_date(at)
    if hears.is_working(day):
        return at
    return hears.send_opening(hears.roll_back(day) if back else hears.roll_forward(day))


def _send_opening(calendar: WorkingCalendar, instant: datetime, working_days: int) -> datetime:
    return calendar.send_opening(
        calendar.add_working_days(calendar.local_date(instant), working_days)
    )


def _exactly(calendar: WorkingCalendar, instant: datetime, span: Duration) -> datetime:
    if span.is_exact:
        return instant + timedelta(seconds=span.signed * (60 if span.unit == "min" else 1))
    # Days reach this line only with an always-open calendar: same time of day, days later.
    zone = ZoneInfo(calendar.zone)
    local = instant.astimezone(zone)
    day = _plain_shift(local.date(), span)
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def _within_windows(calendar: WorkingCalendar, start: datetime, left: timedelta) -> datetime:
    """The instant at which the sending window has been open for ``left`` since ``start``."""
    if calendar.always_open:
        return start + left
    while (closes := calendar.send_closing(calendar.local_date(start))) < start + left:
        left -= max(closes - start, timedelta())
        start = calendar.next_send_instant(closes + timedelta(seconds=1))
    return start + left
