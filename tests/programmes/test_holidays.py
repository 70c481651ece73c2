"""The four nations have different days off, and the office has its own closures."""

from dataclasses import replace
from datetime import date

import pytest

from programmes.calendar import Blackout
from programmes.definition import Definition
from programmes.holidays import bank_holidays, calendar_for, office_calendar
from programmes.office_hours import Closure
from programmes.vocabulary import NATIONS, Nation
from tests.definitions import IGN, definition
from tests.programmes.examples import always_open, uk


class TestBankHolidays:
    @pytest.mark.parametrize(
        ("day", "nations"),
        [
            (date(2026, 1, 1), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2026, 1, 2), {"SCT"}),
            (date(2026, 3, 17), {"NIR"}),
            (date(2026, 4, 3), {"ENG", "WLS", "SCT", "NIR"}),  # Good Friday
            (date(2026, 4, 6), {"ENG", "WLS", "NIR"}),  # Easter Monday
            (date(2026, 5, 4), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2026, 5, 25), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2026, 7, 13), {"NIR"}),  # for 12 July, a Sunday
            (date(2026, 8, 3), {"SCT"}),
            (date(2026, 8, 31), {"ENG", "WLS", "NIR"}),
            (date(2026, 11, 30), {"SCT"}),
            (date(2026, 12, 25), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2026, 12, 28), {"ENG", "WLS", "SCT", "NIR"}),  # for Boxing Day, a Saturday
            (date(2027, 1, 4), {"SCT"}),  # for 2 January, a Saturday
            (date(2027, 3, 29), {"ENG", "WLS", "NIR"}),
            (date(2027, 7, 12), {"NIR"}),
            (date(2027, 12, 27), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2027, 12, 28), {"ENG", "WLS", "SCT", "NIR"}),
            (date(2027, 12, 29), set()),
        ],
    )
    def test_are_those_of_the_nation(self, day: date, nations: set[Nation]) -> None:
        assert {one for one in NATIONS if day in bank_holidays(one, day, day)} == nations


class TestTheOffice:
    @pytest.mark.parametrize("nation", NATIONS)
    def test_has_the_days_off_of_its_own_nation(self, nation: Nation) -> None:
        assert uk(nation).for_office().non_working == uk("ENG").non_working

    def test_is_stored_as_the_days_that_differ_from_the_members(self) -> None:
        first, last = date(2027, 1, 1), date(2027, 12, 31)
        assert calendar_for(definition(IGN), "ENG", first=first, last=last).office == ()
        assert calendar_for(definition(IGN), "SCT", first=first, last=last).office == (
            date(2027, 1, 4),
            date(2027, 3, 29),
            date(2027, 8, 2),
            date(2027, 8, 30),
            date(2027, 11, 30),
        )

    def test_may_be_in_another_nation(self) -> None:
        calendar = definition(IGN).calendar.model_copy(update={"office": "NIR"})
        theirs = definition(IGN).model_copy(update={"calendar": calendar})
        first, last = date(2026, 1, 1), date(2026, 12, 31)
        member = calendar_for(theirs, "ENG", first=first, last=last)
        assert not member.for_office().is_working(date(2026, 3, 17))
        assert member.is_working(date(2026, 3, 17))
        assert office_calendar(theirs, first=first, last=last).non_working == (
            member.for_office().non_working
        )

    def test_shares_the_members_blackouts_and_sending_minute(self) -> None:
        election = Blackout(date(2026, 4, 7), date(2026, 4, 10))
        first, last = date(2026, 1, 1), date(2026, 12, 31)
        member = calendar_for(
            definition(IGN), "SCT", first=first, last=last, blackouts=[election], stagger="eng_1"
        )
        assert member.for_office().blackouts == (election,)
        assert member.for_office().send_from == member.send_from

    def test_keeps_its_days_when_the_calendar_is_shortened(self) -> None:
        spring = uk("SCT").within(date(2026, 4, 1), date(2026, 4, 30))
        assert spring.office == (date(2026, 4, 6),)
        assert not spring.for_office().is_working(date(2026, 4, 6))

    def test_has_the_members_days_by_default(self) -> None:
        silent = replace(uk("SCT"), office=None)
        assert silent.for_office() == silent
        assert silent.within(date(2026, 4, 1), date(2026, 4, 30)).office is None


class TestCalendarFor:
    def test_leaves_out_days_that_are_never_worked(self) -> None:
        calendar = uk("ENG")
        assert date(2026, 12, 26) not in calendar.non_working  # a Saturday
        assert all(day.weekday() < 5 for day in calendar.non_working)
        assert list(calendar.non_working) == sorted(set(calendar.non_working))

    def test_has_no_holidays_outside_its_period(self) -> None:
        first, last = date(2026, 12, 1), date(2027, 1, 31)
        calendar = calendar_for(definition(IGN), "SCT", first=first, last=last)
        assert min(calendar.non_working) == date(2026, 12, 24)
        assert max(calendar.non_working) == date(2027, 1, 4)

    def test_the_office_closes_between_christmas_and_new_year_every_year(self) -> None:
        for year in (2026, 2027, 2028):
            assert not uk().is_working(date(year, 12, 24))
            assert not uk().is_working(date(year, 12, 31))

    def test_a_closure_may_be_once_or_run_over_the_new_year(self) -> None:
        closures = [
            Closure(first="2027-06-14", last="2027-06-16", reason="we move house"),
            Closure(first="12-29", last="01-05", reason="winter break"),
            Closure(first="02-29", reason="leap day off"),
        ]
        office = with_closures(closures)
        first, last = date(2027, 1, 1), date(2028, 12, 31)
        calendar = calendar_for(office, "ENG", first=first, last=last)
        off = [date(2027, 6, 14), date(2027, 6, 16), date(2027, 1, 5), date(2027, 12, 29)]
        off += [date(2028, 1, 5), date(2028, 2, 29)]
        assert [day for day in off if calendar.is_working(day)] == []
        on = [date(2028, 6, 14), date(2027, 1, 6), date(2028, 12, 28), date(2027, 3, 1)]
        assert [day for day in on if not calendar.is_working(day)] == []

    def test_an_always_open_office_has_no_days_off(self) -> None:
        calendar = always_open()
        assert calendar.always_open
        assert calendar.non_working == ()


def with_closures(closures: list[Closure]) -> Definition:
    network = definition(IGN)
    office = network.calendar.model_copy(update={"closures": tuple(closures)})
    return network.model_copy(update={"calendar": office})
