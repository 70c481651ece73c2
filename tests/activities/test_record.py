"""The ``record`` activity: one transaction, one result, and which records it refuses."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.inputs import RecordResult
from activities.record import ATTEMPT, PATIENCE, RECORD_REFUSED, Recorder
from programmes.facts import Fact, Notice, Record
from storage.database import POOL_OVERFLOW, Database
from storage.sql import events, items, notifications, tasks
from tests.databases import count_statements, opened, sqlite_url
from tests.storage.fixtures import database as database
from tests.storage.fixtures import database_url as database_url
from tests.storage.fixtures import postgres_database as postgres_database
from tests.storage.office import NOW, item_record, office, task
from workflows import policies

SUBMITTED = replace(
    item_record(1, "triage", task("triage"), facts=2),
    notices=(
        Notice("research.received", ("member",), rung="#1"),
        Notice("research.new", ("manager", "team"), rung="#1", task="triage", revision=1),
    ),
)


@pytest.fixture
async def recorder(database: Database) -> Recorder:
    async with database.transaction() as session:
        await office().write(session)
    return Recorder(database, clock=lambda: NOW)


async def recorded(recorder: Recorder, record: Record) -> RecordResult:
    result: RecordResult = await ActivityEnvironment().run(recorder.record, record)
    return result


async def rows(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in (events, items, tasks, notifications)
        }


async def test_a_record_is_written_with_its_notifications_reserved(
    recorder: Recorder, database: Database
) -> None:
    assert await recorded(recorder, SUBMITTED) == RecordResult(notifications=4)
    assert await rows(database) == {"events": 2, "items": 1, "tasks": 1, "notifications": 4}


async def test_a_repeated_attempt_changes_nothing_and_answers_the_same(
    recorder: Recorder, database: Database
) -> None:
    first = await recorded(recorder, SUBMITTED)
    before = await rows(database)
    assert await recorded(recorder, SUBMITTED) == first
    assert await rows(database) == before


async def test_attempts_at_once_write_once(recorder: Recorder, database: Database) -> None:
    answers = await asyncio.gather(*(recorded(recorder, SUBMITTED) for _ in range(6)))
    assert set(answers) == {RecordResult(notifications=4)}
    assert await rows(database) == {"events": 2, "items": 1, "tasks": 1, "notifications": 4}


async def test_a_late_attempt_adds_its_facts_and_leaves_the_state_of_a_later_one(
    recorder: Recorder, database: Database
) -> None:
    await recorded(recorder, item_record(2, "scope", task("scope")))
    await recorded(recorder, SUBMITTED)
    async with database.reading() as session:
        assert await session.scalar(select(items.c.stage)) == "scope"
        assert await session.scalar(select(tasks.c.key)) == "scope"
    assert (await rows(database))["events"] == 3


async def test_a_record_without_notices_has_nothing_to_deliver(recorder: Recorder) -> None:
    assert await recorded(recorder, item_record(1)) == RecordResult(notifications=0)


@pytest.mark.parametrize(
    "record",
    [
        item_record(1, engagement="eng_nowhere"),
        item_record(1, assignee="per_nowhere"),
        Record("eng_1", "itm_1", 1, (Fact("research.asked", NOW, text="txt_nowhere"),)),
        replace(SUBMITTED, notices=(Notice("research.new", ("manager",), text="txt_nowhere"),)),
    ],
    ids=["engagement", "assignee", "text", "notice"],
)
async def test_an_invalid_record_is_refused_for_good_and_leaves_nothing(
    recorder: Recorder, database: Database, record: Record
) -> None:
    with pytest.raises(ApplicationError) as caught:
        await recorded(recorder, record)
    assert caught.value.type == RECORD_REFUSED
    assert caught.value.non_retryable
    assert "nowhere" not in str(caught.value).replace(record.item_id, "")
    assert await rows(database) == {"events": 0, "items": 0, "tasks": 0, "notifications": 0}


async def test_a_database_that_is_not_ready_is_tried_again(tmp_path: Path) -> None:
    async with opened(sqlite_url(tmp_path / "empty.db")) as database:
        with pytest.raises(Exception, match="no such table") as caught:
            await recorded(Recorder(database), SUBMITTED)
    assert not isinstance(caught.value, ApplicationError)


async def test_a_database_that_comes_back_soon_is_waited_for_within_one_attempt(
    recorder: Recorder, database: Database, tmp_path: Path
) -> None:
    patient = Recorder(database, clock=lambda: NOW, patience=timedelta(seconds=60))
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE events RENAME TO away"))
    with count_statements(database) as seen:
        writing = asyncio.create_task(recorded(patient, SUBMITTED))
        async with asyncio.timeout(100):
            while not seen:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE away RENAME TO events"))
        assert await writing == RecordResult(notifications=4)
    assert await rows(database) == {"events": 2, "items": 1, "tasks": 1, "notifications": 4}


async def test_the_statements_of_a_record_do_not_grow_with_it(
    recorder: Recorder, database: Database
) -> None:
    with count_statements(database) as seen:
        await recorded(recorder, SUBMITTED)
    small = len(seen)
    many = replace(
        item_record(2, "draft", *(task(f"t{n}") for n in range(20)), facts=20),
        notices=tuple(Notice("research.new", ("team", "member"), rung=f"n{n}") for n in range(20)),
    )
    with count_statements(database) as seen:
        await recorded(recorder, many)
    assert len(seen) == small


async def test_an_attempt_gives_up_by_itself_where_no_connection_gets_free(
    recorder: Recorder, database: Database
) -> None:
    # SQLite has one writer whatever the size.
    small = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    brief = Recorder(small, clock=lambda: NOW, attempt=timedelta(seconds=0.2))
    async with AsyncExitStack() as held:
        held.push_async_callback(small.dispose)
        for _ in range(1 if small.dialect == "sqlite" else 1 + POOL_OVERFLOW):
            session = await held.enter_async_context(small.transaction())
            await session.execute(text("SELECT 1"))
        with pytest.raises(TimeoutError):
            await recorded(brief, SUBMITTED)
    assert await recorded(recorder, SUBMITTED) == RecordResult(notifications=4)


def test_an_attempt_ends_before_the_workflow_ends_it() -> None:
    assert PATIENCE < ATTEMPT < policies.RECORD_ATTEMPT
