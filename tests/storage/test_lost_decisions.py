"""A lost decision leaves nothing behind if the workflow then decides differently."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from notifications.delivery.ledger import of_record, reserve
from programmes.facts import EngagementState, Fact, Notice, Record
from storage.database import Database
from storage.record import write
from storage.sql import engagements, events, items, notifications, tasks
from tests.databases import count_statements, migrated_sqlite, opened
from tests.storage.office import NOW, days, item_record, office, task

OPENED = item_record(1, "triage", task("triage", due=2))
LOST = replace(
    item_record(2, "scope", task("scope", "adviser", due=4)),
    facts=(Fact("research.accepted", days(1), "per_manager"), Fact("research.asked", days(1))),
    notices=(
        Notice("research.accepted", ("lead",), rung="#2"),
        Notice("research.stuck", ("researcher",), rung="#2"),
    ),
)
DECIDED = replace(
    item_record(2, "closed", closed_at=days(1)),
    facts=(Fact("research.closed", days(1) + timedelta(seconds=12)),),
    notices=(Notice("research.closed", ("lead",), rung="#2"),),
)
AFTER = replace(item_record(3, "closed", closed_at=days(1)), facts=(Fact("rung.fired", days(2)),))


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Database]:
    """Where nothing was lost."""
    async with opened(migrated_sqlite(tmp_path / "other.db")) as database:
        async with database.transaction() as session:
            await office().write(session)
        yield database


@pytest.fixture
async def stocked(database: Database) -> Database:
    async with database.transaction() as session:
        await office().write(session)
    return database


async def recorded(database: Database, *records: Record) -> list[bool]:
    """Write records as the activity does, each in a transaction of its own."""
    written = []
    for record in records:
        async with database.transaction() as session:
            written.append(await write(session, record, NOW))
            await reserve(session, record, NOW)
    return written


async def state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All that these records can change."""
    skipped = {"events": 1, "notifications": 0, "items": 0, "tasks": 0}
    async with database.reading() as session:
        return {
            table.name: sorted(
                (tuple(row)[skipped[table.name] :] for row in await session.execute(select(table))),
                key=repr,
            )
            for table in (events, items, tasks, notifications)
        }


async def test_replacing_a_lost_decision_takes_three_more_statements(stocked: Database) -> None:
    await recorded(stocked, OPENED, LOST)
    decided = replace(DECIDED, item=LOST.item, tasks=LOST.tasks)
    with count_statements(stocked) as seen:
        async with stocked.transaction() as session:
            assert await write(session, decided, NOW)
    assert len(seen) == 10


async def test_the_later_decision_replaces_the_lost_one(stocked: Database, other: Database) -> None:
    assert await recorded(stocked, OPENED, LOST, DECIDED) == [True] * 3
    await recorded(other, OPENED, DECIDED)
    assert await state(stocked) == await state(other)
    async with stocked.reading() as session:
        assert len(await of_record(session, "itm_1", 2)) == 1


async def test_a_lost_decision_without_facts_replaces_no_other(stocked: Database) -> None:
    """A due advice cycle changes the engagement without a fact. That decision was lost, and a
    withdrawal was then decided under its number."""
    active = EngagementState("active", date(2027, 1, 11), NOW)
    await recorded(stocked, Record("eng_1", "eng_1", 1, (Fact("opened", NOW),), engagement=active))
    cycle = Record("eng_1", "eng_1", 2, (), engagement=replace(active, cycles=(days(1),)))
    gone = replace(active, stage="withdrawn", closed_at=days(1))
    withdrawn = Record("eng_1", "eng_1", 2, (Fact("withdrawn", days(1)),), engagement=gone)
    assert await recorded(stocked, cycle, withdrawn, withdrawn, cycle) == [True, True, False, False]
    async with stocked.reading() as session:
        row = (await session.execute(select(engagements))).one()
    assert (row.stage, row.closed_at, row.cycles) == ("withdrawn", days(1), [])
    assert (row.sequence, row.state_sequence) == (2, 2)


async def test_a_lost_decision_that_arrives_late_changes_nothing(stocked: Database) -> None:
    await recorded(stocked, OPENED, DECIDED)
    async with stocked.transaction() as session:
        assert not await write(session, LOST, NOW)
    async with stocked.reading() as session:
        kinds = (await session.execute(select(events.c.kind).order_by(events.c.id))).scalars()
        assert list(kinds) == ["research.fact", "research.closed"]
        assert await session.scalar(select(items.c.stage)) == "closed"


async def test_later_records_stay(stocked: Database, other: Database) -> None:
    await recorded(stocked, OPENED, LOST, AFTER, DECIDED)
    await recorded(other, OPENED, DECIDED, AFTER)
    assert await state(stocked) == await state(other)


async def test_the_same_decision_at_a_later_instant_is_the_same(stocked: Database) -> None:
    await recorded(stocked, OPENED, LOST)
    before = await state(stocked)
    later = tuple(replace(fact, at=fact.at + timedelta(seconds=9)) for fact in LOST.facts)
    assert await recorded(stocked, replace(LOST, facts=later)) == [False]
    assert await state(stocked) == before


async def test_an_email_that_was_being_sent_stays_on_the_ledger(stocked: Database) -> None:
    await recorded(stocked, OPENED, LOST)
    async with stocked.transaction() as session:
        await session.execute(notifications.update().values(state="accepted"))
    await recorded(stocked, DECIDED)
    async with stocked.reading() as session:
        kinds = set((await session.execute(select(notifications.c.kind))).scalars())
    assert kinds == {"research.accepted", "research.stuck", "research.closed"}
