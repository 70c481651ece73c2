"""Health is the worst state reached, and SQL and Python agree about it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from programmes.vocabulary import Health
from storage.database import Database
from storage.queries.engagement_order import EngagementFilter
from storage.queries.engagements import list_engagements
from storage.queries.rows import health_column, health_of
from storage.sql import engagements
from tests.storage.office import NOW


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hours=st.tuples(*[st.none() | st.integers(-2, 2)] * 3))
async def test_sql_and_python_agree_about_health(
    filled: Database, hours: tuple[int | None, int | None, int | None]
) -> None:
    soon, due, stuck = (None if h is None else NOW + timedelta(hours=h) for h in hours)
    c = engagements.c
    async with filled.transaction() as session:
        await session.execute(
            update(engagements)
            .where(c.id == "eng_1")
            .values(soon_at=soon, due_at=due, stuck_at=stuck)
        )
        read = await session.scalar(select(health_column(NOW)).where(c.id == "eng_1"))
        assert read == health_of(NOW, soon, due, stuck)
        by_filter = [
            name
            for name in ("on_track", "due_soon", "overdue", "stuck")
            if (await _filtered(session, name)).rows
        ]
        assert by_filter == [read]


async def _filtered(session: Any, name: Any) -> Any:
    chosen: Health = name
    where = EngagementFilter(health=chosen, member_id="mem_1")
    return await list_engagements(session, NOW, where=where)


ORDER = ("on_track", "due_soon", "overdue", "stuck")
INSTANTS = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))


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
    assert health_of(NOW, *at) == expected


@given(soon=INSTANTS, due=INSTANTS, stuck=INSTANTS, later=st.integers(0, 5))
def test_health_never_improves_with_time(
    soon: datetime | None, due: datetime | None, stuck: datetime | None, later: int
) -> None:
    before = ORDER.index(health_of(NOW, soon, due, stuck))
    after = ORDER.index(health_of(NOW + timedelta(hours=later), soon, due, stuck))
    assert after >= before
