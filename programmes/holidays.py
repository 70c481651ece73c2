"""The bank holidays of the four nations, and a member's calendar from a definition.

The ``holidays`` library is large, so it is imported on first use, and workflows never import this
file: they carry its result.
"""

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import get_args

from programmes.calendar import Blackout, WorkingCalendar
from programmes.definition import Definition
from programmes.fields import Weekday, days_of, hours_of
from programmes.office_hours import Closure, OpenCalendar, UkCalendar
from programmes.vocabulary import Nation

_WEEKDAYS: tuple[str, ...] = get_args(Weekday)


def calendar_for(
    definition: Definition,
    nation: Nation,
    *,
    first: date,
    last: date,
    blackouts: Sequence[Blackout] = (),
    stagger: str = "",
) -> WorkingCalendar:
    """The working calendar of a member in ``nation``, with days off from ``first`` to ``last``.

    Outside that period it has weekdays and blackouts only. Choose a ``last`` half a year after the
    end of the programme. ``stagger`` is a stable key such as an engagement's id: it gives each
    engagement its own start of the sending window, within the programme's spread.
    """
    office = definition.calendar
    if isinstance(office, OpenCalendar):
        return _always_open(office)
    opens, closes = hours_of(office.hours)
    send_from, send_until = hours_of(office.sending)
    weekdays = tuple(sorted(_WEEKDAYS.index(day) for day in office.working_days))
    off = _days_off(office, nation, first, last)
    differs = off.symmetric_difference(_days_off(office, office.office, first, last))
    calendar = WorkingCalendar(
        zone=office.zone,
        working_weekdays=weekdays,
        opens=opens,
        closes=closes,
        send_from=send_from,
        send_until=send_until,
        non_working=tuple(sorted(day for day in off if day.weekday() in weekdays)),
        office=tuple(sorted(day for day in differs if day.weekday() in weekdays)),
        blackouts=tuple(sorted(blackouts, key=lambda blackout: (blackout.first, blackout.last))),
    )
    return calendar.staggered(stagger, timedelta(minutes=office.spread)) if stagger else calendar


def office_calendar(definition: Definition, *, first: date, last: date) -> WorkingCalendar:
    """The working calendar of the office itself, for emails that are about no member."""
    office = definition.calendar
    nation = "ENG" if isinstance(office, OpenCalendar) else office.office
    return calendar_for(definition, nation, first=first, last=last)


def bank_holidays(nation: Nation, first: date, last: date) -> tuple[date, ...]:
    """The bank holidays of a nation from ``first`` to ``last``, with their substitute days."""
    import holidays

    years = range(first.year, last.year + 1)
    found = holidays.country_holidays("GB", subdiv=nation, years=years)
    return tuple(sorted(day for day in found if first <= day <= last))


def _days_off(office: UkCalendar, nation: Nation, first: date, last: date) -> set[date]:
    return {*bank_holidays(nation, first, last), *_closed(office, first, last)}


def _always_open(office: OpenCalendar) -> WorkingCalendar:
    midnight, last_second = time(0), time(23, 59, 59)
    return WorkingCalendar(
        zone=office.zone,
        working_weekdays=tuple(range(7)),
        opens=midnight,
        closes=last_second,
        send_from=midnight,
        send_until=last_second,
        non_working=(),
        always_open=True,
    )


def _closed(office: UkCalendar, first: date, last: date) -> Iterator[date]:
    for closure in office.closures:
        # A closure over the new year belongs to the year in which it starts.
        for year in range(first.year - 1, last.year + 1):
            yield from (day for day in _days(closure, year) if first <= day <= last)


def _days(closure: Closure, year: int) -> Iterator[date]:
    span = days_of(closure.first, closure.last or closure.first, year)
    if span is not None:
        for count in range((span[1] - span[0]).days + 1):
            yield span[0] + timedelta(days=count)
