"""Days and times as people read them."""

from datetime import UTC, date, datetime

import pytest

from notifications.sentences import Clock, short_day

LONDON = Clock("Europe/London")


def at(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def test_a_deadline_is_a_day_in_words() -> None:
    assert LONDON.due(at(2027, 1, 5, 17)) == "Tuesday 5 January 2027"


def test_a_date_is_that_day_in_every_zone() -> None:
    assert Clock("Pacific/Auckland").day(date(2027, 1, 5)) == "Tuesday 5 January 2027"


def test_the_day_is_the_readers_not_that_of_utc() -> None:
    assert LONDON.day(at(2027, 6, 30, 23, 30)) == "Thursday 1 July 2027"


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (at(2027, 1, 5, 14, 30), "2:30pm"),
        (at(2027, 7, 5, 14, 30), "3:30pm"),
        (at(2027, 1, 5, 9, 5), "9:05am"),
        (at(2027, 1, 5, 12), "midday"),
        (at(2027, 1, 5, 0), "midnight"),
        (at(2027, 1, 5, 12, 1), "12:01pm"),
    ],
)
def test_a_session_has_its_time_in_the_readers_zone(instant: datetime, words: str) -> None:
    assert LONDON.moment(instant).endswith(f" 2027 at {words}")


def test_a_programme_that_counts_in_seconds_says_them() -> None:
    tour = Clock("Europe/London", to_the_minute=True)
    assert tour.due(at(2027, 1, 5, 12, 0, 8)) == "Tuesday 5 January 2027 at 12:00:08pm"


def test_where_the_year_is_plain_the_day_is_short() -> None:
    assert short_day(date(2027, 3, 3)) == "3 March"


class TestWelsh:
    def test_days_and_months_have_their_welsh_names_and_days_no_capital(self) -> None:
        welsh = Clock("Europe/London", language="cy")
        assert welsh.due(at(2027, 1, 5, 17)) == "dydd Mawrth 5 Ionawr 2027"
        assert short_day(date(2027, 8, 1), "cy") == "1 Awst"

    @pytest.mark.parametrize(
        ("instant", "words"),
        [
            (at(2027, 1, 5, 14, 30), "14:30"),
            (at(2027, 1, 5, 9, 5), "09:05"),
            (at(2027, 1, 5, 12), "hanner dydd"),
            (at(2027, 1, 5, 0), "hanner nos"),
        ],
    )
    def test_times_are_of_the_24_hour_clock(self, instant: datetime, words: str) -> None:
        welsh = Clock("Europe/London", language="cy")
        assert welsh.moment(instant) == f"dydd Mawrth 5 Ionawr 2027 am {words}"

    def test_a_programme_that_counts_in_seconds_says_them(self) -> None:
        tour = Clock("Europe/London", to_the_minute=True, language="cy")
        assert tour.due(at(2027, 1, 5, 12, 0, 8)).endswith(" am 12:00:08")
