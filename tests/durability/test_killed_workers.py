"""Workers that die by SIGKILL in mid-journey: the mailbox holds what was planned, each once."""

import asyncio
import os
import random
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from tests.durability.outages import locked
from tests.durability.processes import WorkerProcess
from tests.durability.server import is_in_mid_activity, is_in_mid_decision
from tests.durability.sprint import TOUR, Sprint, settle
from tests.durability.waiting import until
from tests.histories import require_no_personal_data
from tests.workflows.office import Office

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

KILLS = 20
MEMBERS = 3
LONGEST_PAUSE_SECONDS = 1.2


class Workers:
    """Two real workers. Whichever is killed is replaced at once."""

    def __init__(self, processes: ExitStack, server: str, settings: Settings) -> None:
        self._processes = processes
        self._arguments = (server, settings.database_url, settings.task_queue, settings.data_dir)
        self.slots = [self._start(), self._start()]
        self.kills = 0

    def _start(self) -> WorkerProcess:
        return self._processes.enter_context(WorkerProcess(*self._arguments))

    async def serve(self, slot: int) -> None:
        """Return once the worker in that slot takes work."""

        async def serves() -> bool:
            return self.slots[slot].serves

        await until(serves, "a worker takes work")

    def kill(self, slot: int) -> None:
        """SIGKILL, and a new one in its place."""
        self.slots[slot].kill()
        self.kills += 1
        self.slots[slot] = self._start()


@pytest.fixture
def seed() -> int:
    """What chooses the moments: a new one each time, or MILEPOST_TEST_SEED to see one again."""
    return int(os.environ.get("MILEPOST_TEST_SEED") or random.randrange(10**6))


async def test_workers_killed_at_20_random_moments_lose_and_double_no_email(
    server: str, client: Client, url: str, tmp_path: Path, seed: int
) -> None:
    print(f"MILEPOST_TEST_SEED={seed}")
    chance = random.Random(seed)
    settings = Settings(
        database_url=url, data_dir=tmp_path, task_queue=f"killed-{uuid.uuid4().hex}"
    )
    database = Database(url)
    began = time.monotonic()
    with ExitStack() as processes:
        workers = Workers(processes, server, settings)
        office = Office(client, database, settings)
        await office.furnish("ENG", TOUR)
        await asyncio.gather(workers.serve(0), workers.serve(1))
        inputs = [await settle(office, number) for number in range(MEMBERS)]
        sprints = [Sprint(await office.start(one), n) for n, one in enumerate(inputs)]
        living = asyncio.gather(*(sprint.run() for sprint in sprints))

        # Two of the moments are certain: while nobody can write, activities and decisions hang.
        ids = [one for sprint in sprints for one in sprint.first_workflows]
        async with locked(database):
            await until(lambda: is_in_mid_activity(client, ids), "a reminder is being sent")
            await until(lambda: is_in_mid_decision(client, ids), "a decision is being written")
            workers.kill(0)
            workers.kill(1)
        while workers.kills < KILLS:
            slot = chance.randrange(2)
            await workers.serve(slot)
            await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
            assert not living.done(), "a journey was over too early, or failed"
            workers.kill(slot)
        killed_after = time.monotonic() - began
        await living

        for sprint in sprints:
            assert await sprint.sent() == sprint.expected
            assert {row["state"] for row in await sprint.engaged.rows("notifications")} == {
                "accepted"
            }
            assert await sprint.engaged.rows("tasks") == []
            assert await sprint.engaged.handle.result() == "completed"
        await require_no_personal_data(client, database)
    emails = sum((sprint.expected for sprint in sprints), Counter()).total()
    print(
        f"{workers.kills} kills in {killed_after:.0f} s, "
        f"{emails} emails, all told {time.monotonic() - began:.0f} s"
    )
    await database.dispose()
