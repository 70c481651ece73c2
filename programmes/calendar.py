"""The calendar of one member: working days, closing times, and when its emails may leave.

Emails to the member follow the member's working days; emails to the office follow the office's.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_FURTHEST = 3_700
"""Days to search for a working day: a calendar without one is an error."""


Closed = Literal["outside_hours", "day_off", "weekend", "blackout"]
"""Why no email leaves: the hour, a bank holiday or closure, the weekend, or a blackout."""


@dataclass(frozen=True)
class Blackout:
    """A period, both days included, in which nothing is sent or falls due."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True)
class WorkingCalendar:
    """The days and hours in which one member works. Workflow histories hold it.

    Times of day are local to ``zone``; every instant that goes in or comes out is aware, and what
    comes out is UTC. Weekdays count from Monday, 0.
    """

    zone: str
    working_weekdays: tuple[int, ...]
    opens: time
    closes: time
    send_from: time
    send_until: time
    non_working: tuple[date, ...]
    """Bank holidays and office closures, sorted."""
    blackouts: tuple[Blackout, ...] = ()
    always_open: bool = False
    """Every instant is a working and a sending instant: the tour."""
    office: tuple[date, ...] | None = None
    """Days on which only the office works, or only the member. ``None`` means that the office keeps
    the member's days."""

    def is_working(self, day: date) -> bool:
        """Whether anything may be sent or fall due on that day."""
        if self.always_open:
            return True
        if day.weekday() not in self.working_weekdays:
            return False
        place = bisect_left(self.non_working, day)
        if place < len(self.non_working) and self.non_working[place] == day:
            return False
        return not any(blackout.first <= day <= blackout.last for blackout in self.blackouts)

    def within(self, first: date, last: date) -> "WorkingCalendar":
        """The same calendar with the days off of one period only, which keeps histories small."""
        return replace(
            self,
            non_working=tuple(day for day in self.non_working if first <= day <= last),
            office=self.office and tuple(day for day in self.office if first <= day <= last),
            blackouts=tuple(b for b in self.blackouts if b.last >= first and b.first <= last),
        )

    def with_blackouts(self, blackouts: Iterable[Blackout]) -> "WorkingCalendar":
        """The same calendar with these blackouts in place of its own."""
        return replace(self, blackouts=tuple(blackouts))

    def for_office(self) -> "WorkingCalendar":
        """The calendar of the office's people in this engagement: the office's days off, with the
        member's hours, sending minute and blackouts."""
        if not self.office:
            return self
        days = set(self.non_working).symmetric_difference(self.office)
        return replace(self, non_working=tuple(sorted(days)), office=None)

    def staggered(self, key: str, within: timedelta) -> "WorkingCalendar":
        """The same calendar with a sending window that opens later, by less than ``within``.

        The delay is always the same for ``key``, and at most half of the window.
        """
        opens = _seconds(self.send_from)
        room = min(int(within.total_seconds()), (_seconds(self.send_until) - opens) // 2)
        if self.always_open or room <= 0:
            return self
        digest = sha256(key.encode()).digest()
        later = opens + int.from_bytes(digest[:8], "big") % room
        return replace(self, send_from=time(later // 3600, later // 60 % 60, later % 60))

    def roll_forward(self, day: date) -> date:
        """The day itself if it is a working day, else the next working day."""
        return self._roll(day, 1)

    def roll_back(self, day: date) -> date:
        """The day itself if it is a working day, else the working day before it."""
        return self._roll(day, -1)

    def add_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``, or before it if ``count`` is negative.

        ``day`` itself is never counted, so one working day after a Saturday is the Monday. Zero
        gives the day itself, or the next working day.
        """
        if count == 0:
            return self.roll_forward(day)
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = self._roll(day + timedelta(days=step), step)
        return day

    def local_date(self, instant: datetime) -> date:
        """The date at the member's place."""
        return self._local(instant).date()

    def opening(self, day: date) -> datetime:
        """When the office opens on that day."""
        return self._at(day, self.opens)

    def closing(self, day: date) -> datetime:
        """When the office closes on that day, which is when tasks fall due."""
        return self._at(day, self.closes)

    def send_opening(self, day: date) -> datetime:
        """When the sending window opens on that day."""
        return self._at(day, self.send_from)

    def send_closing(self, day: date) -> datetime:
        """When the sending window closes on that day."""
        return self._at(day, self.send_until)

    def next_send_instant(self, instant: datetime) -> datetime:
        """The instant itself inside a sending window, else the opening of the next one."""
        return self._next_within(instant, self.send_from, self.send_until)

    def why_closed(self, instant: datetime) -> tuple[Closed, str]:
        """Why no email leaves at that instant, and the reason of a blackout.

        Only for an instant outside the sending window.
        """
        day = self.local_date(instant)
        if self.is_working(day):
            return "outside_hours", ""
        for blackout in self.blackouts:
            if blackout.first <= day <= blackout.last:
                return "blackout", blackout.reason
        return ("weekend" if day.weekday() not in self.working_weekdays else "day_off"), ""

    def blackout_ahead(self, instant: datetime) -> Blackout | None:
        """The blackout without which an email could leave at that instant, or sooner after it."""
        day = self.local_date(self.with_blackouts(()).next_send_instant(instant))
        if self.always_open:
            return None
        return next((one for one in self.blackouts if one.first <= day <= one.last), None)

    def next_working_instant(self, instant: datetime) -> datetime:
        """The instant itself within working hours, else the next opening of the office."""
        return self._next_within(instant, self.opens, self.closes)

    def _next_within(self, instant: datetime, first: time, last: time) -> datetime:
        if self.always_open:
            return instant.astimezone(UTC)
        local = self._local(instant)
        day = local.date()
        if self.is_working(day) and local.time() <= last:
            return instant.astimezone(UTC) if local.time() >= first else self._at(day, first)
        return self._at(self.roll_forward(day + timedelta(days=1)), first)

    def _roll(self, day: date, step: int) -> date:
        start = day
        for _ in range(_FURTHEST):
            if self.is_working(day):
                return day
            day += timedelta(days=step)
        raise ValueError(f"no working day within ten years of {start.isoformat()}")

    def _local(self, instant: datetime) -> datetime:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return instant.astimezone(ZoneInfo(self.zone))

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, ZoneInfo(self.zone)).astimezone(UTC)


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


_OFFICE = frozenset({"manager", "adviser", "researcher", "funder", "team"})
_PERSON = "per_"


def is_office(selector: str) -> bool:
    """Whether a selector or an id belongs to the office: workflows know ids, never people."""
    return selector in _OFFICE or selector.startswith(_PERSON)


def calendar_of(calendar: WorkingCalendar, to: Iterable[str]) -> WorkingCalendar:
    """The office's calendar if all recipients are of the office, else the member's."""
    selectors = tuple(to)
    office = bool(selectors) and all(is_office(one) for one in selectors)
    return calendar.for_office() if office else calendar


def first_window(calendar: WorkingCalendar, to: Iterable[str], now: datetime) -> datetime:
    """The first instant from ``now`` on at which one of the recipients may get an email.

    With recipients of the member and of the office, the sender delays the later group's emails.
    """
    sides = {is_office(one) for one in to} or {False}
    return min(
        (calendar.for_office() if office else calendar).next_send_instant(now) for office in sides
    )


def calendar_from_json(stored: object) -> WorkingCalendar:
    """The calendar as it was read from the database. Raises ``ValueError`` if it is not one."""
    return _adapter().validate_python(stored)


def blackouts_from_json(stored: Iterable[Mapping[str, str]]) -> tuple[Blackout, ...]:
    """The blackouts of a member as they were read from the database."""
    return tuple(
        Blackout(
            date.fromisoformat(one["first"]), date.fromisoformat(one["last"]), one.get("reason", "")
        )
        for one in stored
    )


def calendar_as_json(calendar: WorkingCalendar) -> dict[str, Any]:
    """The calendar as the database stores it."""
    stored: dict[str, Any] = _adapter().dump_python(calendar, mode="json")
    return stored


@cache
def _adapter() -> "TypeAdapter[WorkingCalendar]":
    # Here, because workflows import this file and must not load Pydantic.
    from pydantic import TypeAdapter

    return TypeAdapter(WorkingCalendar)
