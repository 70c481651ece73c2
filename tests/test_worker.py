"""What the worker registers is pinned: dropping a workflow breaks running engagements."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import worker
from commands.checks.temporal import has_pollers
from notifications.senders.mailbox import Mailbox
from settings import Settings
from storage.database import Database
from storage.migrate import upgrade
from tests.servers import dev_server
from workflows.ids import SEARCH_ATTRIBUTES
from workflows.registry import WORKFLOWS

WORKFLOW_NAMES = {
    *("AdviceCycle", "Digest", "Engagement", "Onboarding", "Redelivery", "ResearchRequest"),
    *("ReviewMilestone", "TellOfReply"),
}


def test_every_workflow_of_every_engagement_is_registered() -> None:
    names = {workflow._Definition.must_from_class(each).name for each in WORKFLOWS}
    assert names == WORKFLOW_NAMES


def test_the_modules_shared_with_the_sandbox_are_pure_ones() -> None:
    for name in worker.PURE_MODULES:
        assert name.split(".")[0] in {
            *("programmes", "activities", "workflows", "pydantic", "pydantic_core")
        }
    assert "activities" not in worker.PURE_MODULES


def test_a_worker_needs_nothing_of_the_web() -> None:
    code = (
        "import sys, worker\n"
        "web = [name for name in sys.modules\n"
        "       if name.split('.')[0] in {'api', 'fastapi', 'starlette', 'uvicorn'}]\n"
        "assert not web, web"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=280)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, ready_file=tmp_path / "ready", delivery_rate=5.0)


@pytest.mark.parametrize(("build", "serves"), [("", False), ("0.1.0", True)])
async def test_only_a_worker_with_a_build_serves_on_the_tables_of_a_newer_version(
    settings: Settings, build: str, serves: bool
) -> None:
    settings = settings.model_copy(update={"build": build})
    assert not await worker.has_tables(settings)
    await upgrade(settings.database_url)
    assert await worker.has_tables(settings)
    await make_tables_newer(settings)
    assert await worker.has_tables(settings) is serves


async def make_tables_newer(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    finally:
        await database.dispose()


@pytest.mark.dev_server
async def test_an_old_build_on_newer_tables_finishes_workflows_and_sends_no_emails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings.model_copy(update={"build": "0.1.0"})
    await upgrade(settings.database_url)
    await make_tables_newer(settings)
    with dev_server() as address:
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        client = await Client.connect(address)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(settings, stop))
        async with asyncio.timeout(100):
            while not await has_pollers(client, settings.task_queue, "workflow"):
                assert not running.done()
                await asyncio.sleep(0.05)
            assert not await has_pollers(client, f"{settings.task_queue}-delivery", "activity")
            stop.set()
            await running


def test_a_worker_pins_what_begins_on_its_build(settings: Settings) -> None:
    assert worker.deployment(settings) is None
    built = worker.deployment(settings.model_copy(update={"build": "0.1.0"}))
    assert built is not None
    assert built.version.to_canonical_string() == "milepost.0.1.0"
    assert built.default_versioning_behavior == VersioningBehavior.PINNED


@pytest.mark.dev_server
@pytest.mark.slow
async def test_two_workers_serve_two_queues_and_stop_when_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dev_server() as address:
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        client = await Client.connect(address)
        database = Database(settings.database_url)
        try:
            deciding, delivering = worker.build_workers(
                client, database, Mailbox(database), settings
            )
            assert deciding.task_queue == "milepost"
            assert delivering.task_queue == "milepost-delivery"
            assert activity_names(deciding) == ["record"]
            assert activity_names(delivering) == [
                *(
                    "deliver",
                    "plan_digests",
                    "redeliver",
                    "remind",
                    "send_digest",
                    "withhold_digest",
                )
            ]
            assert delivering.config().get("max_task_queue_activities_per_second") == 5.0
            runner = deciding.config().get("workflow_runner")
            assert isinstance(runner, SandboxedWorkflowRunner)
        finally:
            await database.dispose()
        await upgrade(settings.database_url)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(settings, stop))
        async with asyncio.timeout(100):
            while settings.ready_file is not None and not settings.ready_file.exists():
                assert not running.done()
                await asyncio.sleep(0.02)
            stop.set()
            await running
        assert settings.ready_file is not None
        assert not settings.ready_file.exists()


async def test_a_worker_that_waits_for_its_database_stops_when_asked(settings: Settings) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(settings, stop))
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(100):
        await running


def activity_names(of: Worker) -> list[str]:
    definitions = [
        activity._Definition.from_callable(each) for each in of.config().get("activities", [])
    ]
    return sorted(str(each.name) for each in definitions if each)


def test_all_search_attributes_are_keywords() -> None:
    assert {key.indexed_value_type.name for key in SEARCH_ATTRIBUTES} == {"KEYWORD"}
