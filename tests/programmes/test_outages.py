"""An email is late once it could have left for a while: only sending hours count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.calendar import WorkingCalendar
from programmes.deadlines import late_from
from programmes.loader import load_definition
from programmes.office_hours import Outage
from tests.programmes.examples import always_open, at, calendars, uk
from tests.programmes.small import SMALL, changed

spans = st.sampled_from(["1min", "90min", "2h", "9h", "40h", "1wd", "3wd", "2d", "1w", "P1M"])
instants = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.mark.parametrize(
    ("planned", "span", "late"),
    [
        ("2027-01-11 10:00", "2h", "2027-01-11 12:00"),
        ("2027-01-11 15:30", "2h", "2027-01-12 10:00"),  # the window closes at 16:30
        ("2027-01-08 16:00", "2h", "2027-01-11 10:30"),  # over a weekend
        ("2027-01-11 22:00", "2h", "2027-01-12 11:00"),  # planned at night
        ("2026-12-23 16:00", "1h", "2027-01-04 09:30"),  # the office is closed until New Year
        ("2027-01-11 10:00", "16h", "2027-01-13 11:00"),  # more than two windows
        ("2027-01-08 10:00", "1wd", "2027-01-11 10:00"),
        ("2027-01-08 10:00", "1d", "2027-01-11 10:00"),
        ("2027-01-08 10:00", "1w", "2027-01-15 10:00"),
    ],
)
def test_an_email_is_late_after_its_span(planned: str, span: str, late: str) -> None:
    assert late_from(uk("ENG"), at(planned), span) == at(late)


@given(calendar=calendars(), planned=instants, span=spans)
def test_it_is_late_within_a_window_and_never_before_its_time(
    calendar: WorkingCalendar, planned: datetime, span: str
) -> None:
    late = late_from(calendar, planned, span)
    assert late > planned
    assert calendar.next_send_instant(late) == late


@given(calendar=calendars(), planned=instants, minutes=st.integers(1, 2000))
def test_the_sending_time_until_then_equals_the_span(
    calendar: WorkingCalendar, planned: datetime, minutes: int
) -> None:
    late = late_from(calendar, planned, f"{minutes}min")
    counted, here = timedelta(), calendar.next_send_instant(planned)
    while (closes := calendar.send_closing(calendar.local_date(here))) < late:
        counted += closes - here
        here = calendar.next_send_instant(closes + timedelta(seconds=1))
    assert counted + (late - here) == timedelta(minutes=minutes)


@given(planned=instants, hours=st.integers(1, 99))
def test_on_an_always_open_calendar_clock_time_counts(planned: datetime, hours: int) -> None:
    assert late_from(always_open(), planned, f"{hours}h") == planned + timedelta(hours=hours)


def test_by_default_emails_two_hours_late_are_combined() -> None:
    assert load_definition(SMALL, "small.yaml").outage == Outage(late_after="2h", then="collapse")


def test_a_definition_may_send_late_emails_singly() -> None:
    text = changed(("soon: 3wd", "soon: 3wd\noutage: {late_after: 1wd, then: singly}"))
    assert load_definition(text, "small.yaml").outage == Outage(late_after="1wd", then="singly")
