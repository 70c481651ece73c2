"""A lost decision leaves nothing behind if the workflow then decides differently."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from notifications.delivery.reserving import of_record, reserve, write_and_reserve
from programmes.facts import EngagementState, Fact, Notice, Record
from programmes.holidays import calendar_for
from storage.database import Database
from storage.lost_decisions import Written
from storage.record import Raced, write
from storage.sql import engagements, events, items, notifications, tasks
from tests.databases import count_statements, fresh, migrated_sqlite, opened
from tests.definitions import definition
from tests.storage.fixtures import Postgres
from tests.storage.office import NOW, days, item_record, office, task
from workflows.processes.last_words import item_lost

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


async def recorded(database: Database, *records: Record) -> list[Written]:
    """Write records as the activity does, each in a transaction of its own."""
    written = []
    for record in records:
        async with database.transaction() as session:
            written.append(await write(session, record, NOW))
            if written[-1] is not Written.OVERTAKEN:
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
            assert await write(session, decided, NOW) is Written.NEW
    assert len(seen) == 10


async def test_the_later_decision_replaces_the_lost_one(stocked: Database, other: Database) -> None:
    assert await recorded(stocked, OPENED, LOST, DECIDED) == [Written.NEW] * 3
    await recorded(other, OPENED, DECIDED)
    assert await state(stocked) == await state(other)
    async with stocked.reading() as session:
        assert len(await of_record(session, "itm_1", 2)) == 1


async def test_a_lost_decision_without_facts_replaces_no_other(stocked: Database) -> None:
    """Until a cycle that opened had a fact, a due cycle changed the engagement without one. That
    decision was lost, and a withdrawal was then decided under its number."""
    active = EngagementState("active", date(2027, 1, 11), NOW)
    await recorded(stocked, Record("eng_1", "eng_1", 1, (Fact("opened", NOW),), engagement=active))
    cycle = Record("eng_1", "eng_1", 2, (), engagement=replace(active, cycles=(days(1),)))
    gone = replace(active, stage="withdrawn", closed_at=days(1))
    withdrawn = Record("eng_1", "eng_1", 2, (Fact("withdrawn", days(1)),), engagement=gone)
    assert await recorded(stocked, cycle, withdrawn, withdrawn, cycle) == [
        Written.NEW,
        Written.NEW,
        Written.REPEATED,
        Written.OVERTAKEN,
    ]
    async with stocked.reading() as session:
        row = (await session.execute(select(engagements))).one()
    assert (row.stage, row.closed_at, row.cycles) == ("withdrawn", days(1), [])
    assert (row.sequence, row.state_sequence) == (2, 2)


async def test_a_lost_decision_that_arrives_late_changes_nothing(stocked: Database) -> None:
    await recorded(stocked, OPENED, DECIDED)
    before = await state(stocked)
    async with stocked.transaction() as session:
        assert await write_and_reserve(session, LOST, NOW) == 0
    assert await state(stocked) == before
    async with stocked.reading() as session:
        kinds = (await session.execute(select(events.c.kind).order_by(events.c.id))).scalars()
        assert list(kinds) == ["research.fact", "research.closed"]
        assert await session.scalar(select(items.c.stage)) == "closed"


async def test_later_records_stay(stocked: Database, other: Database) -> None:
    await recorded(stocked, OPENED, LOST, AFTER, DECIDED)
    await recorded(other, OPENED, DECIDED, AFTER)
    assert await state(stocked) == await state(other)


def at_later_dates(record: Record) -> Record:
    """The same decision, taken again on Monday after a worker that died on Friday."""
    weekend = timedelta(days=3)
    facts = tuple(replace(fact, at=fact.at + weekend) for fact in record.facts)
    tasks = tuple(replace(task, due_at=task.due_at + weekend) for task in record.tasks or ())
    item = replace(record.item, due_at=days(7)) if record.item else None
    notices = tuple(replace(notice, not_before=days(5)) for notice in record.notices)
    return replace(record, facts=facts, tasks=tasks, item=item, notices=notices)


async def test_the_same_decision_at_later_dates_replaces_the_lost_one(
    stocked: Database, other: Database
) -> None:
    later = at_later_dates(LOST)
    assert await recorded(stocked, OPENED, LOST, later) == [Written.NEW] * 3
    await recorded(other, OPENED, later)
    assert await state(stocked) == await state(other)
    assert await recorded(stocked, LOST, later) == [Written.OVERTAKEN, Written.REPEATED]
    assert await state(stocked) == await state(other)


async def test_the_same_decision_later_is_a_repetition_once_another_follows(
    stocked: Database,
) -> None:
    """After its engagement's reset, the opening of an item that runs is written again."""
    await recorded(stocked, OPENED, LOST, AFTER)
    before = await state(stocked)
    assert await recorded(stocked, at_later_dates(LOST)) == [Written.REPEATED]
    assert await state(stocked) == before


async def test_a_repair_that_is_repeated_later_changes_nothing(stocked: Database) -> None:
    calendar = calendar_for(definition(), "WLS", first=date(2026, 1, 1), last=date(2029, 12, 31))
    first, again = (item_lost("eng_1", "itm_1", "research", calendar, days(n)) for n in (3, 4))
    await recorded(stocked, OPENED, first)
    before = await state(stocked)
    assert await recorded(stocked, again) == [Written.REPEATED]
    assert await state(stocked) == before


def moved(sequence: int, *, hour: int) -> Record:
    """A date that was moved. Its notice has no number: its key is the task and the revision."""
    return replace(
        item_record(sequence, "scope", replace(task("scope", due=9), revision=2)),
        facts=(Fact("deadline.moved", days(1) + timedelta(hours=hour), "per_manager"),),
        notices=(Notice("task.moved", ("lead",), rung="scope", task="scope", revision=2),),
    )


async def test_a_notice_of_a_lost_decision_goes_over_to_the_decision_that_was_taken(
    stocked: Database,
) -> None:
    """A move was lost. Then a reminder was decided under its number, and the move under the next.
    The reminder's record came last: its activity waited for a worker."""
    lost, taken = moved(2, hour=1), moved(3, hour=3)
    reminder = Record("eng_1", "itm_1", 2, (Fact("rung.fired", days(1) + timedelta(hours=2)),))
    await recorded(stocked, OPENED, lost, taken, reminder)
    async with stocked.reading() as session:
        assert len(await of_record(session, "itm_1", 3)) == 1
        assert await of_record(session, "itm_1", 2) == []


async def test_what_was_sent_is_not_sent_again_by_a_later_record(stocked: Database) -> None:
    """An item was reset after an email of it had left, and decides the same under another
    number."""
    await recorded(stocked, OPENED, moved(2, hour=1))
    async with stocked.transaction() as session:
        await session.execute(notifications.update().values(state="accepted"))
    await recorded(stocked, moved(3, hour=2))
    async with stocked.reading() as session:
        assert await of_record(session, "itm_1", 3) == []
        assert await session.scalar(select(notifications.c.state)) == "accepted"


@pytest.mark.postgres
async def test_two_decisions_written_at_once_are_not_mixed(
    postgres_database: Postgres,
) -> None:
    """The one that waits for the lock does not see the other's facts, and would add its third to
    their two."""
    wordy = replace(LOST, facts=(*LOST.facts, Fact("research.scoped", days(1))))
    later = at_later_dates(wordy)
    async with fresh(postgres_database.url) as database:
        async with database.transaction() as session:
            await office().write(session)
        await recorded(database, OPENED)
        async with database.transaction() as first:
            assert await write(first, LOST, NOW) is Written.NEW
            second = asyncio.create_task(recorded(database, later))
            await waits_for_a_lock(database)
        with pytest.raises(Raced):
            await second
        assert await recorded(database, later) == [Written.NEW]
        query = select(events.c.kind).where(events.c.sequence == 2).order_by(events.c.position)
        async with database.reading() as session:
            kinds = list((await session.execute(query)).scalars())
        assert kinds == [fact.kind for fact in wordy.facts]


async def waits_for_a_lock(database: Database) -> None:
    """Return once another transaction waits for a lock."""
    query = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    while True:
        async with database.reading() as session:
            if await session.scalar(query):
                return
        await asyncio.sleep(0.02)


async def test_an_email_that_was_being_sent_stays_on_the_ledger(stocked: Database) -> None:
    await recorded(stocked, OPENED, LOST)
    async with stocked.transaction() as session:
        await session.execute(notifications.update().values(state="accepted"))
    await recorded(stocked, DECIDED)
    async with stocked.reading() as session:
        kinds = set((await session.execute(select(notifications.c.kind))).scalars())
    assert kinds == {"research.accepted", "research.stuck", "research.closed"}
