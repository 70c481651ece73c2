"""Complaint 1: a failed run re-queues everything, and thousands of duplicates go out with it."""

import asyncio
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from storage.sql import notifications
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite, opened
from tests.durability.pace import TOUR, quiet_engagement, reminding_rules, settle
from tests.durability.processes import WorkerProcess
from tests.durability.server import ATTRIBUTES, is_in_mid_activity, waits_for_activity
from tests.durability.waiting import until
from tests.fakes.sendgrid import KEY, FakeSendGrid, serving
from tests.fakes.sendgrid_faults import Faults
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

MEMBERS = 12
EMAILS_EACH = 2
"""A welcome, and a reminder a second later."""
AGAIN_AFTER_SECONDS = 2
PATIENCE_SECONDS = 120.0
"""Ten seconds do where nothing else runs."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


async def test_complaint_1_mail_that_recovers_goes_out_once_though_the_run_has_failed(
    url: str, tmp_path: Path
) -> None:
    """civicrm-core#31600. The provider is down, every email is tried and tried again, the worker
    is killed and another one starts. When the provider is back each email goes out, once."""
    fake = FakeSendGrid(Faults(always="503 wait", retry_after=AGAIN_AFTER_SECONDS), limit=10_000)
    with dev_server(ATTRIBUTES) as address:
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        async with serving(fake), opened(url) as database:
            settings = Settings(
                database_url=url, data_dir=tmp_path, task_queue=f"again-{uuid.uuid4().hex}"
            )
            office = Office(client, database, settings)
            await office.furnish(programme=TOUR)

            def worker() -> WorkerProcess:
                return WorkerProcess(
                    *(address, url, settings.task_queue, tmp_path), environment=_sends_by(fake)
                )

            planned = MEMBERS * EMAILS_EACH
            with worker() as first:
                workflows = await _started(office)
                await _all_tried(fake, planned, times=2)
                await _all_wait(client, workflows)
                first.kill()
            assert fake.taken == []
            fake.faults.always = ""
            with worker():
                await until(
                    lambda: _done(client, workflows),
                    "every delivery has ended",
                    within=PATIENCE_SECONDS,
                )
            assert len(fake.mails()) == planned
            assert set(fake.mails().values()) == {1}
            assert await _states(database) == {"accepted": planned}


def _sends_by(fake: FakeSendGrid) -> Mapping[str, str]:
    return {
        "MILEPOST_SENDER": "sendgrid",
        "MILEPOST_SENDGRID_HOST": fake.host,
        "MILEPOST_SENDGRID_API_KEY": KEY,
    }


async def _started(office: Office) -> list[str]:
    """Engagements of as many members; the ids of the workflows that send."""
    rules = reminding_rules(1)
    inputs = [await settle(office, number) for number in range(MEMBERS)]
    started = await asyncio.gather(
        *(office.start(quiet_engagement(member_id=one.member_id, rules=rules)) for one in inputs)
    )
    return [id for engaged in started for id in _workflows(engaged)]


def _workflows(engaged: Engaged) -> list[str]:
    onboarding = scheduled_item_id(engaged.id, "onboarding", "onboarding")
    return [
        engagement_workflow_id(engaged.id),
        item_workflow_id(engaged.id, "onboarding", onboarding),
    ]


async def _all_tried(fake: FakeSendGrid, planned: int, times: int) -> None:
    async def tried() -> bool:
        seen = [request.notification_id for request in fake.requests]
        return len(set(seen)) == planned and min(map(seen.count, set(seen))) >= times

    await until(tried, f"every email is tried {times} times", within=PATIENCE_SECONDS)


async def _all_wait(client: Client, workflows: list[str]) -> None:
    """All wait for the provider. The fault matrix covers workers that die while sending."""

    async def idle() -> bool:
        return not await is_in_mid_activity(client, workflows)

    await until(idle, "every delivery waits for its next attempt")


async def _done(client: Client, workflows: list[str]) -> bool:
    return not await waits_for_activity(client, workflows)


async def _states(database: Database) -> dict[str, int]:
    query = select(notifications.c.state, func.count()).group_by(notifications.c.state)
    async with database.reading() as session:
        return {row[0]: row[1] for row in await session.execute(query)}
