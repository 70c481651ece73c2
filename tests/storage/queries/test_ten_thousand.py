"""The list with 10,000 engagements: one statement, along an index."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.queries.engagement_detail import show_engagement
from storage.queries.engagement_order import Sort
from storage.queries.engagements import count_engagements, list_engagements
from tests.databases import count_statements, migrated_sqlite, note_statements, opened, plan_of
from tests.storage.office import NOW
from tests.storage.queries.crowd import fill

SORTS: tuple[Sort, ...] = ("member", "started_on", "opened_at", "due_at", "health")

INDEXES: Mapping[Sort, tuple[str, ...]] = {
    "member": (),
    "started_on": ("ix_engagements_started",),
    "opened_at": ("ix_engagements_opened",),
    "due_at": ("ix_engagements_due",),
    "health": ("ix_engagements_due",),
}
"""What each order goes along; names are met in the order of their own table."""


@pytest.fixture(scope="session")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    return migrated_sqlite(tmp_path_factory.mktemp("big") / "big.db"), []


@pytest.fixture
async def big(big_file: tuple[str, list[str]]) -> AsyncIterator[Database]:
    """10,000 engagements, filled once."""
    url, filled_before = big_file
    async with opened(url) as database:
        if not filled_before:
            filled_before.append("yes")
            await fill(database, 10_000)
            async with database.transaction() as session:
                await session.execute(text("ANALYZE"))
        yield database


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_ten_thousand_engagements_cost_one_statement_and_no_sorting_of_them_all(
    big: Database, sort: Sort, descending: bool
) -> None:
    async with big.reading() as session:
        first = await list_engagements(session, NOW, sort=sort, descending=descending)
        with count_statements(big) as seen:
            page = await list_engagements(
                session, NOW, sort=sort, descending=descending, cursor=first.next
            )
    assert len(page.rows) == 50
    assert len(seen) == 1
    plan = await _plan(big, sort=sort, descending=descending, cursor=first.next)
    whole = {f"SCAN {table}" for table in ("engagements", "members", "items", "tasks", "requests")}
    assert not whole.intersection(plan), plan
    for index in INDEXES[sort]:
        assert any(f"{index} " in line for line in plan), plan


async def test_the_totals_of_ten_thousand_cost_one_statement(big: Database) -> None:
    with count_statements(big) as seen:
        async with big.reading() as session:
            counts = await count_engagements(session, NOW)
    assert sum(counts.values()) == 10_001
    assert len(seen) == 1


async def test_a_detail_among_ten_thousand_costs_the_same(big: Database) -> None:
    with count_statements(big) as seen:
        async with big.reading() as session:
            found = await show_engagement(session, "eng_n05001", NOW)
    assert found is not None
    assert len(found.tasks) == 1
    assert len(seen) == 3


async def _plan(database: Database, **options: Any) -> list[str]:
    """What SQLite does for a list, in its own words."""
    async with database.reading() as session:
        with note_statements(database) as seen:
            await list_engagements(session, NOW, **options)
        ((statement, values),) = seen
        return await plan_of(session, statement, values)
