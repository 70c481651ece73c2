"""A duration gives a due date, and the due date gives every rung of a ladder."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.calendar import Blackout, WorkingCalendar, calendar_of
from programmes.deadlines import (
    deadline,
    due_after,
    due_on,
    heard_by,
    opening_before,
    rung_instants,
)
from programmes.rules import LadderRule, RungRule, StageRule
from tests.programmes.examples import (
    always_open,
    at,
    calendars,
    days,
    instants,
    ladders,
    uk,
    weekdays_only,
)


def rungs(*offsets: str) -> tuple[RungRule, ...]:
    return tuple(RungRule(offset, offset, ("owner",), "reminder") for offset in offsets)


class TestDueAfter:
    @pytest.mark.parametrize(
        ("start", "duration", "due"),
        [
            ("2026-12-14 09:00", "5wd", "2026-12-21 17:00"),
            ("2026-12-18 09:00", "5wd", "2027-01-05 17:00"),  # over the closure and New Year
            ("2027-01-05 09:00", "0wd", "2027-01-05 17:00"),
            ("2027-01-05 17:00", "0wd", "2027-01-05 17:00"),
            ("2027-01-05 17:01", "0wd", "2027-01-06 17:00"),  # asked for after hours
            ("2027-01-09 12:00", "0d", "2027-01-11 17:00"),  # asked for on a Saturday
            ("2027-01-09 12:00", "1wd", "2027-01-11 17:00"),
            ("2027-01-05 09:00", "4d", "2027-01-11 17:00"),  # a Saturday, so the Monday
            ("2027-01-05 09:00", "2w", "2027-01-19 17:00"),
            ("2027-11-30 09:00", "P3M", "2028-02-29 17:00"),  # a leap year
            ("2026-11-30 09:00", "P3M", "2027-03-01 17:00"),  # 28 February is a Sunday
            ("2027-01-29 09:00", "P1M", "2027-03-01 17:00"),
            ("2027-10-15 09:00", "P3M", "2028-01-17 17:00"),  # over a year end, to a Saturday
            ("2027-03-24 09:00", "3wd", "2027-03-31 17:00"),  # Easter and the clock change
            ("2027-01-05 09:00", "30min", "2027-01-05 09:30"),
            ("2027-01-05 16:45", "30min", "2027-01-06 09:00"),
            ("2027-01-08 16:00", "2h", "2027-01-11 09:00"),
        ],
    )
    def test_ends_at_the_closing_time_of_a_working_day(
        self, start: str, duration: str, due: str
    ) -> None:
        assert due_after(uk(), at(start), duration) == at(due)

    def test_skips_a_blackout(self) -> None:
        quiet = uk("ENG", (Blackout(date(2027, 1, 6), date(2027, 2, 26)),))
        assert due_after(quiet, at("2027-01-05 09:00"), "2wd") == at("2027-03-02 17:00")

    def test_is_exact_on_an_always_open_calendar(self) -> None:
        start = datetime(2026, 12, 25, 23, 59, 50, tzinfo=UTC)
        assert due_after(always_open(), start, "30s") == start + timedelta(seconds=30)
        assert due_after(always_open(), start, "2h") == start + timedelta(hours=2)
        assert due_after(always_open(), start, "3wd") == start + timedelta(days=3)
        assert due_after(always_open(), start, "-20s") == start - timedelta(seconds=20)

    def test_keeps_the_time_of_day_over_a_clock_change_on_an_always_open_calendar(self) -> None:
        assert due_after(always_open(), at("2027-03-27 12:00"), "1d") == at("2027-03-28 12:00")

    @settings(max_examples=80, deadline=None)
    @given(
        calendars(),
        instants(),
        st.timedeltas(timedelta(0), timedelta(days=40)),
        st.sampled_from(("0wd", "1wd", "7wd", "0d", "1d", "9d", "2w", "P1M", "P3M", "45min")),
    )
    def test_is_never_before_its_start_and_is_monotone(
        self, calendar: WorkingCalendar, start: datetime, later: timedelta, duration: str
    ) -> None:
        due = due_after(calendar, start, duration)
        assert due >= start
        assert calendar.is_working(calendar.local_date(due))
        assert due <= due_after(calendar, start + later, duration)


class TestDueOn:
    def test_is_the_closing_time_of_that_day_or_of_the_next_working_day(self) -> None:
        assert due_on(uk(), date(2027, 1, 5)) == at("2027-01-05 17:00")
        assert due_on(uk(), date(2027, 3, 26)) == at("2027-03-30 17:00")  # Good Friday


class TestOpeningBefore:
    def test_is_the_morning_of_a_working_day(self) -> None:
        assert opening_before(uk(), at("2027-01-05 17:00"), "2wd") == at("2026-12-23 09:00")
        assert opening_before(uk(), at("2027-01-05 17:00"), "2d") == at("2026-12-23 09:00")
        assert opening_before(uk(), at("2028-03-31 17:00"), "P1M") == at("2028-02-29 09:00")


class TestRungInstants:
    def test_an_email_to_the_office_only_follows_the_offices_days(self) -> None:
        # Easter Monday 2027 is no holiday in Scotland, where the member is, but in England.
        scotland, monday = uk("SCT"), at("2027-03-29 17:00")
        ladder = (
            RungRule("ahead", "-1wd", ("owner",), "reminder"),
            RungRule("today", "0wd", ("owner",), "reminder"),
            RungRule("late", "1wd", ("owner",), "overdue"),
        )
        thursday, tuesday = at("2027-03-25 09:00"), at("2027-03-30 09:00")
        # Good Friday is a day off for both. The day's own reminder comes before the day.
        assert rung_instants(scotland, monday, ladder, "manager")[1:] == (thursday, tuesday)
        assert rung_instants(scotland, monday, ladder, "manager")[0] == at("2027-03-24 09:00")
        easter = at("2027-03-29 09:00")
        assert rung_instants(scotland, monday, ladder, "lead") == (thursday, easter, tuesday)
        escalation = (RungRule("stuck", "0wd", ("manager",), "escalation"),)
        assert rung_instants(scotland, monday, escalation, "lead") == (tuesday,)

    def test_an_email_to_both_sides_follows_the_members_days(self) -> None:
        both = (RungRule("today", "0wd", ("owner", "manager"), "reminder"),)
        easter = at("2027-03-29 09:00")
        assert rung_instants(uk("SCT"), at("2027-03-29 17:00"), both, "lead") == (easter,)

    def test_an_id_of_an_office_person_counts_as_the_office(self) -> None:
        today = (RungRule("today", "0d", ("owner",), "escalation"),)
        tuesday = at("2027-03-30 09:00")
        assert rung_instants(uk("SCT"), at("2027-03-29 17:00"), today, "per_1") == (tuesday,)

    def test_a_rung_on_the_due_date_goes_out_that_morning(self) -> None:
        due = at("2027-01-12 17:00")
        assert rung_instants(uk(), due, rungs("-3wd", "0wd", "3wd"), "lead") == (
            at("2027-01-07 09:00"),
            at("2027-01-12 09:00"),
            at("2027-01-15 09:00"),
        )

    def test_rungs_on_one_day_move_a_working_day_apart(self) -> None:
        monday = at("2027-01-11 17:00")
        assert rung_instants(uk(), monday, rungs("-2d", "-1d"), "lead") == (
            at("2027-01-07 09:00"),
            at("2027-01-08 09:00"),
        )
        friday = at("2027-01-08 17:00")
        assert rung_instants(uk(), friday, rungs("0d", "1d", "2d", "3d"), "lead") == (
            at("2027-01-08 09:00"),
            at("2027-01-11 09:00"),
            at("2027-01-12 09:00"),
            at("2027-01-13 09:00"),
        )

    def test_are_exact_on_an_always_open_calendar(self) -> None:
        due = datetime(2026, 12, 25, tzinfo=UTC)
        assert rung_instants(always_open(), due, rungs("-3s", "3s"), "lead") == (
            due - timedelta(seconds=3),
            due + timedelta(seconds=3),
        )

    @settings(max_examples=150, deadline=None)
    @given(calendars(), ladders(), days())
    def test_are_in_order_and_within_sending_windows(
        self, calendar: WorkingCalendar, ladder: LadderRule, day: date
    ) -> None:
        instants = rung_instants(calendar, due_on(calendar, day), ladder.rungs, "lead")
        for rung, instant in zip(ladder.rungs, instants, strict=True):
            theirs = calendar_of(calendar, heard_by(rung.to, "lead"))
            assert theirs.is_working(theirs.local_date(instant))
            assert theirs.next_send_instant(instant) == instant
        assert all(one < other for one, other in pairwise(instants))

    @settings(max_examples=100, deadline=None)
    @given(calendars(), ladders(), days(), st.integers(0, 40))
    def test_are_monotone_in_the_due_date(
        self, calendar: WorkingCalendar, ladder: LadderRule, day: date, later: int
    ) -> None:
        sooner = rung_instants(calendar, due_on(calendar, day), ladder.rungs, "lead")
        moved = due_on(calendar, day + timedelta(days=later))
        after = rung_instants(calendar, moved, ladder.rungs, "lead")
        assert all(one <= other for one, other in zip(sooner, after, strict=True))


class TestDeadline:
    ladder = LadderRule(rungs("-3wd", "0wd", "2wd"), "5wd")
    stage = StageRule("lead", "10wd", "only")

    def planned(self, due: str, opens: str | None = None) -> tuple[str, ...]:
        found = deadline(
            "task",
            self.stage,
            at(due),
            {"only": self.ladder},
            weekdays_only(),
            soon="3wd",
            rule="",
            opens=at(opens) if opens else None,
        )
        assert found.ends_at == at("2027-01-19 09:00")
        assert found.soon_at == at("2027-01-07 09:00")
        return tuple(rung.name for rung in found.rungs)

    def test_has_every_rung_without_an_opening(self) -> None:
        assert self.planned("2027-01-12 17:00") == ("-3wd", "0wd", "2wd")

    def test_leaves_out_rungs_at_or_before_its_opening(self) -> None:
        assert self.planned("2027-01-12 17:00", "2027-01-07 08:59") == ("-3wd", "0wd", "2wd")
        assert self.planned("2027-01-12 17:00", "2027-01-07 09:00") == ("0wd", "2wd")
        assert self.planned("2027-01-12 17:00", "2027-01-12 12:00") == ("2wd",)

    def test_never_ends_before_its_last_rung(self) -> None:
        crowded = LadderRule(rungs("0d", "1d", "2d", "3d"), "3d")
        friday = at("2027-01-08 17:00")
        found = deadline("task", self.stage, friday, {"only": crowded}, uk(), soon="3wd", rule="")
        assert found.ends_at == found.rungs[-1].at == at("2027-01-13 09:00")
