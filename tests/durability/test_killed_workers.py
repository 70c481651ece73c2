"""Workers that die by SIGKILL in mid-journey: the mailbox holds what was planned, each once."""

import asyncio
import itertools
import os
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from tests.durability.acts import insist
from tests.durability.outages import locked
from tests.durability.pace import TOUR, quiet_engagement, settle, today
from tests.durability.processes import WorkerProcess
from tests.durability.server import is_in_mid_activity, is_in_mid_decision
from tests.durability.sprint import Sprint
from tests.durability.waiting import comes_true, until
from tests.histories import require_no_personal_data
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import MANAGER
from workflows.ids import engagement_workflow_id
from workflows.messages import MoveReview

# Nearly a minute on two idle cores, most of it for workers to start; a busy machine needs three.
pytestmark = [pytest.mark.dev_server, pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 20
AT_ONCE = 3
MOST_ATTEMPTS = 10
LONGEST_PAUSE_SECONDS = 1.0


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
        bystander = await office.start(quiet_engagement())
        sprints: list[Sprint] = []
        numbers = itertools.count()
        living = asyncio.gather(
            *(keep_living(office, workers, sprints, numbers) for _ in range(AT_ONCE))
        )
        try:
            await kill_in_the_middle(workers, bystander, sprints)
            while workers.kills < KILLS:
                slot = chance.randrange(2)
                await workers.serve(slot)
                await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
                assert not living.done(), "a journey failed"
                workers.kill(slot)
            killed_after = time.monotonic() - began
            await living
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)

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
        f"{emails} emails of {len(sprints)} journeys, all told {time.monotonic() - began:.0f} s"
    )
    await database.dispose()


async def keep_living(
    office: Office, workers: Workers, sprints: list[Sprint], numbers: Iterator[int]
) -> None:
    """One journey after the other, so that each worker is killed in the middle of one."""
    while workers.kills < KILLS:
        number = next(numbers)
        engagement = await settle(office, number)
        sprint = Sprint(Engaged(office, engagement.engagement_id), number)
        sprints.append(sprint)
        await sprint.start(engagement)
        await sprint.run()


async def kill_in_the_middle(
    workers: Workers, bystander: Engaged, sprints: Sequence[Sprint]
) -> None:
    """Kill both workers when one is certainly at work on a decision, and one on an email.

    No process can write to the database meanwhile, so both hang.
    """
    client = bystander.office.client
    deciding = [engagement_workflow_id(bystander.id)]

    async def sends() -> bool:
        of_all = [one for sprint in sprints for one in sprint.workflows]
        return await is_in_mid_activity(client, of_all)

    for attempt in range(1, MOST_ATTEMPTS + 1):
        async with locked(bystander.office.database):
            day = today() + timedelta(days=attempt)
            moving = asyncio.create_task(insist(bystander, MoveReview(MANAGER, "first-mile", day)))
            await until(lambda: is_in_mid_decision(client, deciding), "a decision is written")
            # Within seconds a reminder falls due, unless all that were ahead have been sent.
            hanging = await comes_true(sends, within=3)
            if hanging:
                workers.kill(0)
                workers.kill(1)
        await moving
        if hanging:
            return
    raise AssertionError("no email was ever being sent")
