"""Engagements are read page by page, for comparison with Temporal."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from programmes.calendar import calendar_as_json
from programmes.facts import EngagementState, Fact, Record
from storage.database import Database
from storage.queries.reconciling import calendar_of, on_record, unfinished
from storage.record import write
from storage.sql import engagements
from tests.databases import count_statements
from tests.storage.office import NOW, item_record, task
from tests.workflows.stories import calendar

STATE = EngagementState(
    stage="active",
    started_on=NOW.date(),
    opened_at=NOW,
    onboarded_at=NOW,
    moved={"interim": NOW.date() + timedelta(days=9)},
    cycles=(NOW, NOW + timedelta(days=30)),
)


async def keep(database: Database, state: EngagementState, sequence: int) -> None:
    record = Record("eng_1", "eng_1", sequence, (Fact("engagement.moved", NOW),), engagement=state)
    async with database.transaction() as session:
        await write(session, record, NOW)


async def ids(database: Database, after: str = "", limit: int = 9) -> list[str]:
    async with database.reading() as session:
        return await unfinished(session, after, limit)


async def test_an_engagement_is_unfinished_while_it_or_an_item_is_open(
    stocked: Database,
) -> None:
    assert await ids(stocked) == ["eng_1"]
    await keep(stocked, replace(STATE, stage="withdrawn", closed_at=NOW), 2)
    assert await ids(stocked) == ["eng_1"]
    async with stocked.transaction() as session:
        for number in "123":
            closed = item_record(
                *(2, "closed"), item=f"itm_{number}", key=number, closed_at=NOW, outcome="answered"
            )
            await write(session, closed, NOW)
    assert await ids(stocked) == []


async def test_pages_follow_each_other(filled: Database) -> None:
    whole = await ids(filled, limit=100)
    assert len(whole) > 4
    paged: list[str] = []
    while page := await ids(filled, paged[-1] if paged else "", 2):
        paged += page
    assert paged == whole


async def test_state_and_items_are_read_as_written(stocked: Database) -> None:
    await keep(stocked, STATE, 2)
    async with stocked.transaction() as session:
        await write(session, item_record(2, "scope", task("scope", "researcher")), NOW)
    with count_statements(stocked) as seen:
        async with stocked.reading() as session:
            found = await on_record(session, ["eng_1", "eng_none"])
    assert len(seen) == 2
    assert set(found) == {"eng_1"}
    one = found["eng_1"]
    assert (one.state, one.sequence, one.pending, one.closed_at) == (STATE, 2, False, None)
    assert set(one.items) == {"itm_1", "itm_2", "itm_3"}
    assert (one.items["itm_1"].sequence, one.items["itm_1"].closed_at) == (2, None)


async def test_the_calendar_is_the_one_of_the_plan(stocked: Database) -> None:
    kept = calendar_as_json(calendar())
    async with stocked.transaction() as session:
        await session.execute(update(engagements).values(calendar=kept))
    async with stocked.reading() as session:
        assert await calendar_of(session, "eng_1") == calendar()
