"""The days on which the journeys start, and what each of them meets on its way.

They lie far ahead: a time-skipping server begins at the present, and its time only goes forward.
A journey meets a day where its emails would leave at other times if that day were none of its kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays

from programmes.calendar import WorkingCalendar
from programmes.vocabulary import Nation
from tests.workflows.journey import Expected, Journey
from tests.workflows.stories import calendar_from

YEARS = range(2039, 2046)


@dataclass(frozen=True)
class Start:
    """A member of that nation starts on that day."""

    nation: Nation
    day: date

    def __str__(self) -> str:
        return f"{self.nation}-{self.day}"


STARTS = (
    # Boxing Day, and 2040 is a leap year.
    Start("ENG", date(2039, 12, 26)),
    Start("WLS", date(2039, 12, 26)),
    # An email to the office leaves on St Patrick's Day.
    Start("NIR", date(2039, 3, 14)),
    Start("NIR", date(2043, 10, 12)),
    # St Andrew's Day is in its second week, and 2044 is a leap year.
    Start("SCT", date(2043, 11, 23)),
)


def journey(start: Start) -> Journey:
    """The journey from there."""
    return Journey(start.day, calendar_from(start.day, start.nation))


def bank_holidays(nation: Nation) -> set[str]:
    """The names of a nation's bank holidays. One that is taken on another day keeps its name."""
    return {name for day in _named(nation) for name in _names(nation, day)}


def bank_holidays_met(start: Start) -> set[str]:
    """Those of the member's nation that the journey meets."""
    calendar = calendar_from(start.day, start.nation)
    return {
        name
        for day in _on_the_way(start, calendar.non_working)
        if _differs(start, _without(calendar, day))
        for name in _names(start.nation, day)
    }


def days_of_one_side_met(start: Start) -> set[tuple[str, str]]:
    """Bank holidays of either the member or the office, and which of them works: those that an
    email to the office meets."""
    calendar = calendar_from(start.day, start.nation)
    days = calendar.office or ()
    sides = ((day, "office" if day in calendar.non_working else "member") for day in days)
    return {
        (name, works)
        for day, works in sides
        if day in _on_the_way(start, days)
        and _differs(start, replace(calendar, office=tuple(one for one in days if one != day)))
        for name in _names(start.nation if works == "office" else "ENG", day)
    }


def leap_days_met(start: Start) -> list[date]:
    """Each 29 February that the journey meets as a working day."""
    calendar = calendar_from(start.day, start.nation)
    leap_days = (date(2040, 2, 29), date(2044, 2, 29))
    return [
        day
        for day in _on_the_way(start, leap_days)
        if _differs(
            start, replace(calendar, non_working=tuple(sorted((*calendar.non_working, day))))
        )
    ]


def nights_met(start: Start) -> set[str]:
    """Clock changes and new years over which an item is open: it is due on the other side."""
    nights = {
        (name, datetime.combine(night, time(1), UTC))
        for year in YEARS
        for name, night in (
            ("spring", _last_sunday(year, 3)),
            ("autumn", _last_sunday(year, 10)),
            ("new year", date(year, 1, 1)),
        )
    }
    items = journey(start).planned.items
    return {
        name for name, night in nights if any(item.opens_at < night < item.due_at for item in items)
    }


@cache
def expected(start: Start) -> tuple[Expected, ...]:
    """Every email of the journey."""
    return tuple(sorted(journey(start).expected))


def _differs(start: Start, calendar: WorkingCalendar) -> bool:
    return sorted(Journey(start.day, calendar).expected) != [*expected(start)]


def _without(calendar: WorkingCalendar, day: date) -> WorkingCalendar:
    """The member works on that day. The office keeps its own days."""
    office = tuple(sorted({*(calendar.office or ())} ^ {day}))
    off = tuple(one for one in calendar.non_working if one != day)
    return replace(calendar, non_working=off, office=office)


def _on_the_way(start: Start, days: tuple[date, ...]) -> Iterator[date]:
    last = max(at for _, _, at in expected(start)).date()
    return (day for day in days if start.day <= day <= last)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


@cache
def _named(nation: Nation) -> dict[date, str]:
    return dict(holidays.country_holidays("GB", subdiv=nation, years=YEARS))


def _names(nation: Nation, day: date) -> set[str]:
    """``New Year's Day (observed)`` is New Year's Day; the office's own closures have no name."""
    named = _named(nation).get(day, "")
    return {name.replace("(observed)", "").strip() for name in named.split(";") if name}
