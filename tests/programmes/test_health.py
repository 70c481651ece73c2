"""Health: the worst of what has been reached."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.health import health

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
ORDER = ("on_track", "due_soon", "overdue", "stuck")
instants = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("soon", "due", "stuck", "expected"),
    [
        (None, None, None, "on_track"),
        (1, 2, 3, "on_track"),
        (0, 2, 3, "due_soon"),
        (-1, 0, 3, "overdue"),
        (-2, -1, 0, "stuck"),
        (-2, -1, None, "overdue"),
        (5, 5, -1, "stuck"),
    ],
)
def test_an_instant_counts_from_when_the_clock_shows_it(
    soon: int | None, due: int | None, stuck: int | None, expected: str
) -> None:
    at = [None if hours is None else NOW + timedelta(hours=hours) for hours in (soon, due, stuck)]
    assert health(NOW, *at) == expected


@given(soon=instants, due=instants, stuck=instants, later=st.integers(0, 5))
def test_health_never_gets_better_by_waiting(
    soon: datetime | None, due: datetime | None, stuck: datetime | None, later: int
) -> None:
    before = ORDER.index(health(NOW, soon, due, stuck))
    after = ORDER.index(health(NOW + timedelta(hours=later), soon, due, stuck))
    assert after >= before
