"""Working days and sending windows, over week-ends, clock changes, leap days and year ends."""

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.calendar import Blackout, WorkingCalendar, calendar_as_json, calendar_from_json
from tests.programmes.examples import (
    LONDON,
    always_open,
    at,
    calendars,
    days,
    instants,
    uk,
    weekdays_only,
)


class TestIsWorking:
    def test_week_ends_and_bank_holidays_are_days_off(self) -> None:
        assert uk().is_working(date(2026, 12, 23))
        assert not uk().is_working(date(2026, 12, 26))
        assert not uk().is_working(date(2027, 1, 1))

    def test_nothing_happens_in_a_blackout(self) -> None:
        quiet = uk("ENG", (Blackout(date(2027, 3, 22), date(2027, 5, 6), "pre-election period"),))
        assert quiet.is_working(date(2027, 3, 19))
        assert not quiet.is_working(date(2027, 3, 22))
        assert not quiet.is_working(date(2027, 5, 6))
        assert quiet.is_working(date(2027, 5, 7))

    def test_an_always_open_calendar_works_at_christmas(self) -> None:
        assert always_open().is_working(date(2026, 12, 25))


class TestAddWorkingDays:
    @pytest.mark.parametrize(
        ("day", "count", "expected"),
        [
            (date(2026, 12, 18), 0, date(2026, 12, 18)),
            (date(2026, 12, 19), 0, date(2026, 12, 21)),
            (date(2026, 12, 19), 1, date(2026, 12, 21)),
            (date(2026, 12, 20), -1, date(2026, 12, 18)),
            (date(2026, 12, 23), 1, date(2027, 1, 4)),
            (date(2027, 1, 4), -1, date(2026, 12, 23)),
            (date(2028, 2, 28), 1, date(2028, 2, 29)),
            (date(2028, 2, 28), 2, date(2028, 3, 1)),
            (date(2027, 2, 26), 1, date(2027, 3, 1)),
        ],
    )
    def test_never_counts_the_day_itself_or_a_day_off(
        self, day: date, count: int, expected: date
    ) -> None:
        assert uk().add_working_days(day, count) == expected

    @settings(max_examples=60, deadline=None)
    @given(calendars(), days(), st.integers(1, 40))
    def test_adding_and_subtracting_gives_the_same_day(
        self, calendar: WorkingCalendar, day: date, count: int
    ) -> None:
        home = calendar.roll_forward(day)
        away = calendar.add_working_days(home, count)
        assert calendar.add_working_days(away, -count) == home
        between = (home + timedelta(days=one) for one in range(1, (away - home).days + 1))
        assert sum(calendar.is_working(one) for one in between) == count

    def test_a_calendar_without_working_days_raises_an_error(self) -> None:
        nine, five = time(9), time(17)
        never = WorkingCalendar("Europe/London", (), nine, five, nine, five, ())
        with pytest.raises(ValueError, match="no working day within ten years of 2026-01-01"):
            never.add_working_days(date(2026, 1, 1), 0)


class TestNextSendInstant:
    @settings(max_examples=80, deadline=None)
    @given(calendars(), instants())
    def test_lies_in_the_window_of_a_working_day_and_is_not_earlier(
        self, calendar: WorkingCalendar, instant: datetime
    ) -> None:
        sent = calendar.next_send_instant(instant)
        local = sent.astimezone(LONDON)
        assert calendar.is_working(local.date())
        assert time(9) <= local.time() <= time(16, 30)
        assert sent >= instant
        assert calendar.next_send_instant(sent) == sent

    @settings(max_examples=60, deadline=None)
    @given(calendars(), instants(), st.timedeltas(timedelta(0), timedelta(days=60)))
    def test_is_monotone(
        self, calendar: WorkingCalendar, instant: datetime, later: timedelta
    ) -> None:
        assert calendar.next_send_instant(instant) <= calendar.next_send_instant(instant + later)

    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2027-01-05 08:59", "2027-01-05 09:00"),
            ("2027-01-05 09:00", "2027-01-05 09:00"),
            ("2027-01-05 16:30", "2027-01-05 16:30"),
            ("2027-01-05 16:30:01", "2027-01-06 09:00"),
            ("2027-01-08 20:00", "2027-01-11 09:00"),
            ("2027-01-09 00:00", "2027-01-11 09:00"),
            ("2026-12-23 17:00", "2027-01-04 09:00"),
        ],
    )
    def test_is_the_next_morning_outside_the_window(self, instant: str, expected: str) -> None:
        assert uk().next_send_instant(at(instant)) == at(expected)

    def test_is_the_instant_itself_on_an_always_open_calendar(self) -> None:
        midnight = datetime(2026, 12, 25, 0, 0, 1, tzinfo=UTC)
        assert always_open().next_send_instant(midnight) == midnight

    def test_refuses_an_instant_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            uk().next_send_instant(datetime.fromisoformat("2026-01-01 09:00"))


class TestClockChanges:
    @pytest.mark.parametrize(
        ("day", "hour_in_utc"),
        [
            (date(2027, 3, 25), 17),  # the Thursday before summer time begins
            (date(2027, 3, 30), 16),
            (date(2026, 10, 23), 16),  # the Friday before it ends
            (date(2026, 10, 26), 17),
        ],
    )
    def test_the_office_closes_at_five_local_time(self, day: date, hour_in_utc: int) -> None:
        assert weekdays_only().closing(day) == datetime(
            day.year, day.month, day.day, hour_in_utc, tzinfo=UTC
        )

    def test_an_evening_in_utc_is_the_next_day_in_summer(self) -> None:
        late = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
        assert uk().local_date(late) == date(2027, 7, 1)


def test_a_calendar_survives_json() -> None:
    calendar = uk("NIR", (Blackout(date(2027, 3, 22), date(2027, 5, 6), "pre-election period"),))
    assert calendar_from_json(json.loads(json.dumps(calendar_as_json(calendar)))) == calendar


def test_a_calendar_of_two_years_is_small() -> None:
    dumped = json.dumps(calendar_as_json(uk("SCT")), separators=(",", ":"))
    years = 10
    assert len(dumped) / years * 2 < 600
