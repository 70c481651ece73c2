"""A record changes the database once, in any order and however often it comes."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from programmes.facts import EngagementState, Fact, ItemState, Record
from storage.database import Database
from storage.lost_decisions import Written
from storage.record import MisplacedState, UnknownEngagement, write
from storage.sql import engagements, events, items, tasks
from tests.databases import count_statements
from tests.storage.office import NOW, days, item_record, office, task


async def recorded(database: Database, *records: Record) -> list[Written]:
    async with database.transaction() as session:
        return [await write(session, record, NOW) for record in records]


async def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that records change, without the order in which events came in."""
    async with database.reading() as session:
        columns = [column for column in events.c if column.name != "id"]
        found = {
            "events": await session.execute(
                select(*columns).order_by(events.c.item_id, events.c.sequence, events.c.position)
            ),
            "items": await session.execute(select(items).order_by(items.c.id)),
            "tasks": await session.execute(select(tasks).order_by(tasks.c.item_id, tasks.c.key)),
            "engagements": await session.execute(select(engagements).order_by(engagements.c.id)),
        }
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}


@pytest.fixture
async def stocked(database: Database) -> Database:
    async with database.transaction() as session:
        await office().write(session)
    return database


ENGAGED = Record(
    "eng_1",
    "eng_1",
    1,
    (Fact("engagement.opened", NOW),),
    engagement=EngagementState("onboarding", date(2027, 1, 11), NOW),
)
WITHDRAWN = Record(
    "eng_1",
    "eng_1",
    2,
    (Fact("engagement.withdrawn", days(9), "per_manager", text="txt_reason"),),
    engagement=EngagementState(
        "withdrawn",
        date(2027, 1, 11),
        NOW,
        closed_at=days(9),
        reason="txt_reason",
        moved={"interim": date(2027, 6, 1)},
        cycles=(NOW,),
    ),
)
STORY = (
    ENGAGED,
    item_record(1, "triage", task("triage", due=2)),
    item_record(2, "scope", task("scope", "adviser", due=4), facts=2),
    item_record(3, "draft", task("draft", "researcher", due=12), assignee="per_researcher"),
    item_record(1, "open", task("step:a", "lead", due=1), item="itm_2", kind="onboarding", key="o"),
    item_record(2, "closed", item="itm_2", kind="onboarding", key="o", closed_at=days(3)),
    item_record(1, "triage", task("triage", due=20), item="itm_3", key="2"),
    Record("eng_1", "itm_1", 4, (Fact("rung.fired", days(2)),)),
    Record("eng_1", "itm_1", 5, (), item=ItemState("research", "1", "acceptance", NOW)),
    Record("eng_1", "itm_3", 2, (Fact("deadline.moved", days(2)),), tasks=(task("t", "lead"),)),
    WITHDRAWN,
)


async def test_a_record_appends_its_facts_and_moves_the_reading_copy(stocked: Database) -> None:
    assert await recorded(stocked, *STORY[:4]) == [Written.NEW] * 4
    found = await state(stocked)
    assert [row[3:5] for row in found["events"] if row[1] == "itm_1"] == [
        (0, "research.fact"),
        (0, "research.fact"),
        (1, "research.fact"),
        (0, "research.fact"),
    ]
    async with stocked.reading() as session:
        item = (await session.execute(select(items))).one()
        task_row = (await session.execute(select(tasks))).one()
        engagement = (await session.execute(select(engagements))).one()
    assert (item.stage, item.assignee_id, item.sequence) == ("draft", "per_researcher", 3)
    assert (task_row.key, task_row.owner_role, task_row.owner_id) == (
        "draft",
        "researcher",
        "per_researcher",
    )
    assert (engagement.stage, engagement.sequence, engagement.next_number) == ("onboarding", 1, 2)


async def test_an_engagement_carries_the_earliest_instants_of_all_its_tasks(
    stocked: Database,
) -> None:
    await recorded(
        stocked,
        item_record(1, "a", task("x", due=2, stuck_at=None), task("y", due=9)),
        item_record(1, "a", task("z", due=5, soon_at=days(-8)), item="itm_2", key="2"),
    )
    async with stocked.reading() as session:
        row = (await session.execute(select(engagements))).one()
    assert (row.soon_at, row.due_at, row.stuck_at) == (days(-8), days(2), days(15))
    await recorded(
        stocked, item_record(2, "closed"), item_record(2, "closed", item="itm_2", key="2")
    )
    async with stocked.reading() as session:
        row = (await session.execute(select(engagements))).one()
    assert (row.soon_at, row.due_at, row.stuck_at) == (None, None, None)


async def test_a_research_request_gets_its_number(stocked: Database) -> None:
    await recorded(
        stocked,
        item_record(1, item="itm_2", key="2"),
        item_record(1, item="itm_x", key="odd"),
    )
    async with stocked.reading() as session:
        numbers = {row.id: row.data for row in await session.execute(select(items))}
        row = (await session.execute(select(engagements))).one()
    assert {id: data["number"] for id, data in numbers.items()} == {"itm_2": "2", "itm_x": "3"}
    assert row.next_number == 4


async def test_a_repeated_record_changes_nothing_and_says_so(stocked: Database) -> None:
    await recorded(stocked, *STORY)
    before = await state(stocked)
    assert await recorded(stocked, *STORY) == [Written.REPEATED] * len(STORY)
    assert await state(stocked) == before


async def test_a_record_takes_seven_statements_and_a_repeated_one_two(stocked: Database) -> None:
    many = item_record(
        1,
        "a",
        *(task(f"t{n}", ("lead", "adviser", "con_second")[n % 3]) for n in range(9)),
        facts=9,
    )
    with count_statements(stocked) as seen:
        await recorded(stocked, many)
    assert len(seen) == 7
    with count_statements(stocked) as seen:
        await recorded(stocked, many)
    assert len(seen) == 2


async def test_a_record_of_an_unknown_engagement_is_refused(stocked: Database) -> None:
    with pytest.raises(UnknownEngagement):
        await recorded(stocked, item_record(1, engagement="eng_nowhere"))


async def test_an_engagement_state_under_an_items_number_is_refused(stocked: Database) -> None:
    with pytest.raises(MisplacedState):
        await recorded(stocked, Record("eng_1", "itm_1", 1, (), engagement=ENGAGED.engagement))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.permutations(STORY), again=st.lists(st.sampled_from(STORY), max_size=6))
async def test_any_order_and_any_repetition_ends_in_the_same_state(
    database: Database, order: list[Record], again: list[Record]
) -> None:
    class Undo(Exception):
        """Leaves the database empty for the next example."""

    async def after(*records: Record) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        with pytest.raises(Undo):  # noqa: PT012
            async with database.transaction() as session:
                await office().write(session)
                for record in records:
                    await write(session, record, NOW)
                for table in (events, items, tasks, engagements):
                    rows = await session.execute(select(table))
                    skip = 1 if table is events else 0
                    found[table.name] = sorted((tuple(row)[skip:] for row in rows), key=repr)
                raise Undo
        return found

    mixed = [*order, *again]
    for place, record in enumerate(again):
        mixed.insert(place * 2, record)
    assert await after(*mixed) == await after(*STORY)
