"""The totals by health count everything that the reader may see, on any page."""

from collections import Counter

from sqlalchemy import update

from storage.database import Database
from storage.queries.access import Visibility
from storage.queries.engagement_order import EngagementFilter
from storage.queries.engagements import count_engagements
from storage.sql import engagements
from storage.starting import PENDING
from tests.databases import count_statements
from tests.storage.office import NOW
from tests.storage.queries.crowd import every_page


async def test_totals_equal_the_list_over_all_pages(filled: Database) -> None:
    rows = await every_page(filled)
    expected = Counter("ended" if row.closed_at else row.health for row in rows)
    async with filled.reading() as session:
        with count_statements(filled) as seen:
            counts = await count_engagements(session, NOW)
    assert dict(counts) == expected
    assert list(counts) == ["stuck", "overdue", "due_soon", "on_track", "ended"]
    assert min(counts.values()) > 0
    assert len(seen) == 1


async def test_totals_follow_the_filters_of_the_list(filled: Database) -> None:
    where = EngagementFilter(text="zoë")
    rows = await every_page(filled, where=where)
    async with filled.reading() as session:
        counts = await count_engagements(session, NOW, where=where)
        none = await count_engagements(session, NOW, where=EngagementFilter(text="nowhere"))
    assert sum(counts.values()) == len(rows) < 41
    assert set(none.values()) == {0}


async def test_a_member_counts_only_its_own_engagements(filled: Database) -> None:
    async with filled.reading() as session:
        counts = await count_engagements(session, NOW, visible_to=Visibility("mem_n00008"))
    assert {standing: count for standing, count in counts.items() if count} == {"ended": 1}


async def test_a_pending_start_is_not_counted(filled: Database) -> None:
    async with filled.transaction() as session:
        before = await count_engagements(session, NOW)
        pending = update(engagements).where(engagements.c.id == "eng_1").values(stage=PENDING)
        await session.execute(pending)
        after = await count_engagements(session, NOW)
    assert sum(before.values()) - sum(after.values()) == 1
