"""Calendars, rules and strategies that these tests share."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from programmes.calendar import Blackout, WorkingCalendar
from programmes.holidays import calendar_for
from programmes.rules import LadderRule, RungRule, Says
from programmes.vocabulary import NATIONS, Nation
from tests.definitions import IGN, definition

LONDON = ZoneInfo("Europe/London")

FIRST, LAST = date(2025, 1, 1), date(2034, 12, 31)


@cache
def uk(nation: Nation = "ENG", blackouts: tuple[Blackout, ...] = ()) -> WorkingCalendar:
    return calendar_for(definition(IGN), nation, first=FIRST, last=LAST, blackouts=blackouts)


@cache
def always_open() -> WorkingCalendar:
    return calendar_for(definition("tour"), "ENG", first=FIRST, last=LAST)


def weekdays_only() -> WorkingCalendar:
    nine, five, half_past_four = time(9), time(17), time(16, 30)
    weekdays = (0, 1, 2, 3, 4)
    return WorkingCalendar("Europe/London", weekdays, nine, five, nine, half_past_four, ())


def at(text: str) -> datetime:
    """A local instant in London, such as ``2027-01-05 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def instants() -> st.SearchStrategy[datetime]:
    """Any second of five years."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return st.integers(0, 5 * 365 * 86_400).map(lambda count: start + timedelta(seconds=count))


def nations() -> st.SearchStrategy[Nation]:
    return st.sampled_from(NATIONS)


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2026, 1, 1), date(2030, 12, 31))


@st.composite
def blackouts(draw: st.DrawFn) -> tuple[Blackout, ...]:
    """Up to two pre-election periods of up to seven weeks."""
    firsts = draw(st.lists(days(), max_size=2))
    lengths = [draw(st.integers(0, 48)) for _ in firsts]
    spans = zip(firsts, lengths, strict=True)
    return tuple(Blackout(first, first + timedelta(days=length)) for first, length in spans)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    return uk(draw(nations()), draw(blackouts()))


_SAYS: tuple[Says, ...] = ("reminder", "escalation")
_NOMINAL = {"wd": 1.4, "d": 1.0, "w": 7.0}


@st.composite
def ladders(draw: st.DrawFn) -> LadderRule:
    """A ladder as a definition may have it: in nominal order, units mixed, ended at its last."""
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(-12, 12),
                st.sampled_from(("wd", "d", "w")),
                st.sampled_from(("owner", "manager")),
                st.sampled_from(_SAYS),
            ),
            min_size=1,
            max_size=5,
        )
    )
    ordered = sorted(steps, key=lambda step: step[0] * _NOMINAL[step[1]])
    rungs = tuple(
        RungRule(f"r{place}", f"{count}{unit}", (to,), says)
        for place, (count, unit, to, says) in enumerate(ordered)
    )
    return LadderRule(rungs, "13w")
