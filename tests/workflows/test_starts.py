"""The journeys meet what their starts were chosen for. The planner alone says so, without them."""

import pytest

from programmes.vocabulary import NATIONS, Nation
from tests.workflows.starts import (
    STARTS,
    bank_holidays,
    bank_holidays_met,
    days_of_one_side_met,
    leap_days_met,
    nights_met,
)


@pytest.mark.parametrize("nation", NATIONS)
def test_the_journeys_of_a_nation_meet_each_of_its_bank_holidays(nation: Nation) -> None:
    starts = [start for start in STARTS if start.nation == nation]
    assert set().union(*map(bank_holidays_met, starts)) == bank_holidays(nation)


def test_emails_to_the_office_meet_days_on_which_one_side_works() -> None:
    assert set().union(*map(days_of_one_side_met, STARTS)) == {
        ("Battle of the Boyne", "office"),
        ("Late Summer Bank Holiday", "member"),
        ("Saint Patrick's Day", "office"),
        ("Summer Bank Holiday", "office"),
    }


def test_items_are_open_over_both_clock_changes_and_the_new_year() -> None:
    assert set().union(*map(nights_met, STARTS)) == {"spring", "autumn", "new year"}


def test_two_leap_days_count_as_working_days() -> None:
    assert {day.year for start in STARTS for day in leap_days_met(start)} == {2040, 2044}
