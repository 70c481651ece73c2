"""Summaries on a real Temporal: schedules as the definition says, and each run sends each once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    ScheduleRange,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

import worker
from activities.inputs import DigestInput, DigestRun
from notifications.senders.mailbox import Mailbox
from settings import Settings
from storage.database import Database
from storage.sql import deliveries, mailbox, notifications, programmes
from temporal import schedules
from temporal.connection import LazyTemporal
from temporal.converter import DATA_CONVERTER
from temporal.schedules import sync_schedules
from temporal.summaries import Summaries, follow_definitions, keep_summaries
from tests.clock import needs_real_time
from tests.databases import migrated_sqlite, opened
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.digests.test_collected import collect, no_summaries_any_more
from tests.notifications.office import IGN, NOW, Post, office, record, reminder, task
from tests.servers import Connected, dev_server
from workflows.ids import SEARCH_ATTRIBUTES, redelivery_workflow_id

pytestmark = pytest.mark.dev_server


@pytest.fixture(autouse=True)
def on_a_dev_server() -> None:
    needs_real_time("the schedules of a dev server")


QUEUE = "digests"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as database:
        async with database.transaction() as session:
            await office().write(session)
        yield database


async def test_schedules_follow_the_definition_and_a_run_sends_each_summary_once(
    database: Database,
) -> None:
    with dev_server({key.name: "Keyword" for key in SEARCH_ATTRIBUTES}) as address:
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        made = await sync_schedules(client, database, QUEUE)
        assert [(one.digest, one.change) for one in made] == [
            ("manager", "made"),
            ("member", "made"),
        ]
        # Two processes at once, and again: nothing changes.
        for synced in await asyncio.gather(
            *(sync_schedules(client, database, QUEUE) for _ in range(2))
        ):
            assert {one.change for one in synced} == {"kept"}
        handle = client.get_schedule_handle(f"digest/{QUEUE}/{IGN}/manager")
        spec = (await handle.describe()).schedule.spec
        [weekly] = spec.calendars
        assert list(weekly.day_of_week) == [ScheduleRange(1, 1, 1)]
        assert (weekly.hour[0].start, weekly.minute[0].start) == (9, 0)
        assert spec.time_zone_name == "Europe/London"
        await _moves_and_removes(client, database)
        await _leaves_others_alone(client, database)
        await _runs(client, database)
        await _comes_too_late(client, database)


async def test_a_programme_that_is_added_has_its_schedules_at_once_or_with_the_next_look(
    database: Database,
) -> None:
    unreachable = LazyTemporal({"target_host": "127.0.0.1:9"})
    assert not await follow_definitions(unreachable, database, QUEUE)
    with dev_server({key.name: "Keyword" for key in SEARCH_ATTRIBUTES}) as address:
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        assert await follow_definitions(Connected(client), database, QUEUE)
        assert (await sync_schedules(client, database, QUEUE))[0].change == "kept"
        await _looks_after_them(client, database)
        await _lets_go(client, database)


async def _looks_after_them(client: Client, database: Database) -> None:
    """What a worker does beside its work: a schedule that an operator took away is there again."""
    handle = client.get_schedule_handle(f"digest/{QUEUE}/{IGN}/manager")
    await handle.delete()
    async with (
        Summaries(client, database, QUEUE, lambda: NOW).at_work(),
        asyncio.timeout(100),
    ):
        while not await _is_there(handle):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _is_there(handle: ScheduleHandle) -> bool:
    try:
        await handle.describe()
    except RPCError:
        return False
    return True


async def test_schedules_follow_a_release_that_makes_them_otherwise(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dev_server() as address:
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        await sync_schedules(client, database, QUEUE)
        monkeypatch.setattr(schedules, "SHAPE", "the next one")
        for change in ("changed", "kept"):
            synced = await sync_schedules(client, database, QUEUE)
            assert {one.change for one in synced} == {change}


async def _lets_go(client: Client, database: Database) -> None:
    """A newer version has no summaries: they end, and what was collected goes by itself."""
    await collect(database)
    await no_summaries_any_more(database)
    settings = Settings(database_url="sqlite+aiosqlite://", task_queue=QUEUE)
    workers = worker.build_workers(
        client, database, Mailbox(database, lambda: NOW), settings, clock=lambda: NOW
    )
    async with workers[0], workers[1]:
        assert (await keep_summaries(client, database, QUEUE, NOW)).let_go == 1
        async with asyncio.timeout(100):
            await _redelivered(client, database)
    assert (await keep_summaries(client, database, QUEUE, NOW)).let_go == 0


async def _redelivered(client: Client, database: Database) -> None:
    async with database.reading() as session:
        row = (await session.execute(notifications.select())).one()
    await client.get_workflow_handle(redelivery_workflow_id(row.id, 1)).result()
    async with database.reading() as session:
        [mail] = (await session.execute(mailbox.select())).all()
    assert (mail.kind, mail.to_email) == ("research.reminder", "con_lead@example.org")


async def _moves_and_removes(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        source = str((await session.execute(programmes.select())).one().source)
        later = source.replace('at: "09:00"', 'at: "10:15"')
        await session.execute(programmes.update().values(source=later))
    # What an operator has paused stays so, whatever else changes.
    paused = client.get_schedule_handle(f"digest/{QUEUE}/{IGN}/manager")
    await paused.pause(note="paused by Ann: on holiday")
    await paused.update(_once_more)
    changed = await sync_schedules(client, database, QUEUE)
    assert [one.change for one in changed] == ["changed", "kept"]
    [weekly] = (await paused.describe()).schedule.spec.calendars
    assert (weekly.hour[0].start, weekly.minute[0].start) == (10, 15)
    assert {one.change for one in await sync_schedules(client, database, QUEUE)} == {"kept"}
    assert (await paused.describe()).schedule.state == ScheduleState(
        note="paused by Ann: on holiday", paused=True, limited_actions=True, remaining_actions=1
    )
    await paused.unpause()
    await _removed(client, database, source)
    async with database.transaction() as session:
        await session.execute(programmes.update().values(source=source))
    await sync_schedules(client, database, QUEUE)


def _once_more(held: ScheduleUpdateInput) -> ScheduleUpdate:
    """As an operator limits how often it runs yet."""
    schedule = held.description.schedule
    state = replace(schedule.state, limited_actions=True, remaining_actions=1)
    return ScheduleUpdate(replace(schedule, state=state))


async def _removed(client: Client, database: Database, source: str) -> None:
    """A summary that the definition has no more has no schedule, once its list has caught up."""
    begins = source.index("  member:", source.index("\ndigests:"))
    without = source[:begins] + source[source.index("calendar:\n  kind: uk") :]
    async with database.transaction() as session:
        await session.execute(programmes.update().values(source=without))
    # What Temporal lists follows what it holds by a moment.
    async with asyncio.timeout(100):
        while True:
            said = {one.digest: one.change for one in await sync_schedules(client, database, QUEUE)}
            if said.get("member") == "removed":
                break
    with pytest.raises(RPCError) as gone:
        await client.get_schedule_handle(f"digest/{QUEUE}/{IGN}/member").describe()
    assert gone.value.status == RPCStatusCode.NOT_FOUND
    assert said["manager"] in ("changed", "kept")
    async with asyncio.timeout(100):
        while "member" in {one.digest for one in await sync_schedules(client, database, QUEUE)}:
            pass


async def _leaves_others_alone(client: Client, database: Database) -> None:
    """Another office in the same namespace, on a queue of its own: the same programme, and one that
    is not there here. Neither is touched, whichever office looks last."""
    await sync_schedules(client, database, f"{QUEUE}/staging")
    async with database.transaction() as session:
        source = str((await session.execute(programmes.select())).one().source)
        head, _, rest = source.partition("\ndigests:")
        without = head + rest[rest.index("\n\n") :]
        await session.execute(programmes.update().values(source=without))
    removed: set[tuple[str, str]] = set()
    async with asyncio.timeout(100):
        while removed != {(IGN, "manager"), (IGN, "member")}:
            synced = await sync_schedules(client, database, QUEUE)
            assert {one.change for one in synced} <= {"removed"}
            removed |= {(one.programme, one.digest) for one in synced}
    theirs = [f"digest/{QUEUE}/staging/{IGN}/{digest}" for digest in ("manager", "member")]
    for id in theirs:
        action = (await client.get_schedule_handle(id).describe()).schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.task_queue == f"{QUEUE}/staging"
    async with database.transaction() as session:
        await session.execute(programmes.update().values(source=source))
    made = await sync_schedules(client, database, QUEUE)
    assert {one.change for one in made} == {"made"}
    kept = await sync_schedules(client, database, f"{QUEUE}/staging")
    assert {one.change for one in kept} == {"kept"}


async def _runs(client: Client, database: Database) -> None:
    await Post(database).write(record(1, reminder(), tasks=(task(),)))
    settings = Settings(database_url="sqlite+aiosqlite://", task_queue=QUEUE)
    deciding, delivering = worker.build_workers(
        client, database, Mailbox(database, lambda: NOW), settings, clock=lambda: NOW
    )
    async with deciding, delivering:
        runs = []
        for number in range(2):
            runs.append(
                await client.execute_workflow(
                    "Digest",
                    DigestInput(IGN, "manager"),
                    id=f"digest/{IGN}/manager-{number}",
                    task_queue=QUEUE,
                    result_type=DigestRun,
                )
            )
    assert runs == [DigestRun(1, 1)] * 2
    async with database.reading() as session:
        [mail] = (await session.execute(mailbox.select())).all()
    assert mail.kind == "digest.manager"


async def _comes_too_late(client: Client, database: Database) -> None:
    """In Easter week, a reader who takes emails on Fridays alone has no day in time."""
    await choose(database, "per_manager", quiet_weekdays=[0, 1, 2, 3])
    async with database.transaction() as session:
        for table in (deliveries, mailbox):
            await session.execute(table.delete())
        ours = notifications.c.kind == "digest.manager"
        await session.execute(notifications.delete().where(ours))
    settings = Settings(database_url="sqlite+aiosqlite://", task_queue=QUEUE)
    easter_week = datetime(2027, 3, 22, 10, tzinfo=UTC)
    workers = worker.build_workers(
        client, database, Mailbox(database), settings, clock=lambda: easter_week
    )
    async with workers[0], workers[1]:
        run = await client.execute_workflow(
            "Digest",
            DigestInput(IGN, "manager"),
            id=f"digest/{IGN}/manager-at-easter",
            task_queue=QUEUE,
            result_type=DigestRun,
        )
    assert run == DigestRun(1, 0)
    async with database.reading() as session:
        [held] = (await session.execute(notifications.select().where(ours))).all()
    assert (held.state, held.reason) == ("withheld", "too_late")
