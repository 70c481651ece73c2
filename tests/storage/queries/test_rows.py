"""Health in SQL and in Python: the same."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from programmes.health import Health, health
from storage.database import Database
from storage.queries.engagements import EngagementFilter, list_engagements
from storage.queries.rows import health_column
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
        assert read == health(NOW, soon, due, stuck)
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
