"""Open processes come longest overdue first, up to a limit."""

from datetime import timedelta

from storage.database import Database
from storage.queries.reconciling import OpenProcess, open_processes
from storage.record import write
from storage.sql import engagements
from tests.databases import count_statements
from tests.storage.office import NOW, item_record


async def test_the_longest_overdue_come_first_and_undated_ones_last(stocked: Database) -> None:
    with count_statements(stocked) as seen:
        async with stocked.reading() as session:
            found = await open_processes(session, 10)
    assert len(seen) == 1
    assert found.total == 4
    assert found.first == (
        # The engagement's date is that of its earliest task.
        OpenProcess("eng_1"),
        OpenProcess("eng_1", "research", "itm_2"),
        OpenProcess("eng_1", "research", "itm_3"),
        OpenProcess("eng_1", "research", "itm_1"),
    )


async def test_a_limited_list_counts_all_processes(stocked: Database) -> None:
    async with stocked.reading() as session:
        found = await open_processes(session, 1)
    assert (len(found.first), found.total) == (1, 4)


async def test_closed_processes_are_left_out(stocked: Database) -> None:
    async with stocked.transaction() as session:
        closed = item_record(2, "closed", item="itm_2", key="2", closed_at=NOW)
        await write(session, closed, NOW)
        await session.execute(engagements.update().values(closed_at=NOW + timedelta(days=1)))
    async with stocked.reading() as session:
        found = await open_processes(session, 10)
    assert [one.item_id for one in found.first] == ["itm_3", "itm_1"]


async def test_an_empty_office_has_no_open_processes(database: Database) -> None:
    async with database.reading() as session:
        assert (await open_processes(session, 10)).total == 0
