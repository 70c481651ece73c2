"""`milepost upgrade check`: beside an office at work, with the code that is installed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client

from commands.upgrading import checking
from settings import settings
from temporal.converter import DATA_CONVERTER
from tests.commands.conftest import Run
from tests.databases import migrated_sqlite
from tests.durability.acts import REQUEST, onboarding_of, submit_request, until_open
from tests.durability.builds import worker_of
from tests.durability.pace import TOUR, quiet_engagement
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office
from tests.workflows.stories import MANAGER
from workflows import ladder
from workflows.engagement import Engagement
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import AcceptRequest
from workflows.registry import WORKFLOWS

pytestmark = pytest.mark.dev_server

NOWHERE = "127.0.0.1:9"


class Line:
    """The command line, run beside the office."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def says(self, *arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(self._run, "upgrade", "check", *arguments)
        assert result.exit_code == code, result.output
        return result.output

    async def answers(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(await self.says(*arguments, "--json", code=code))


@pytest.fixture
def line(run: Run) -> Line:
    return Line(run)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
async def office(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    client = await Client.connect(server, data_converter=DATA_CONVERTER)
    url = migrated_sqlite(tmp_path / "milepost.db")
    async with open_office(client, url, programme=TOUR, skipping=False) as running:
        monkeypatch.setenv("MILEPOST_DATABASE_URL", url)
        monkeypatch.setenv("MILEPOST_TASK_QUEUE", running.settings.task_queue)
        monkeypatch.setenv("TEMPORAL_ADDRESS", server)
        settings.cache_clear()
        yield running


@pytest.fixture
async def engaged(office: Office, line: Line) -> Engaged:
    """An engagement with its onboarding and a research request, all listed by Temporal."""
    started = await office.start(quiet_engagement())
    await until_open(started, "onboarding")
    await submit_request(started)

    async def are_listed() -> bool:
        return bool((await line.answers())["replayed"] == 3)

    await until(are_listed, "Temporal lists all three, each at rest")
    return started


async def test_what_runs_passes_with_the_code_that_runs_it(line: Line, engaged: Engaged) -> None:
    assert await line.answers() == {"ok": True, "running": 3, "replayed": 3, "failures": []}
    assert "All of them continue" in await line.says()


async def test_another_wait_of_the_same_workflow_is_reported(
    line: Line, engaged: Engaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake = ladder.OpenDeadline.next_wake

    def later(self: ladder.OpenDeadline) -> datetime | None:
        due = wake(self)
        return due and due + timedelta(hours=1)

    with monkeypatch.context() as changed:
        changed.setattr(ladder.OpenDeadline, "next_wake", later)
        told = await line.answers(code=1)
        said = await line.says(code=1)
    assert not told["ok"]
    problems = {one["workflow_id"]: one for one in told["failures"]}
    onboarding = problems[item_workflow_id(engaged.id, "onboarding", onboarding_of(engaged))]
    assert (onboarding["kind"], onboarding["stage"]) == ("Onboarding", "steps")
    assert onboarding["problem"] == "decides_otherwise"
    assert {one["value"] for one in onboarding["differences"]} == {"wait"}
    assert "It would continue, and decide otherwise: timer #1 (event" in said


async def test_a_workflow_that_asks_for_something_else_is_reported(
    line: Line,
    engaged: Engaged,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    others = [one for one in WORKFLOWS if one is not Engagement]
    monkeypatch.setattr(checking, "WORKFLOWS", [*others, Sleepy])
    told = await line.answers(code=1)
    [failure] = told["failures"]
    assert failure["workflow_id"] == engagement_workflow_id(engaged.id)
    assert failure["problem"] == "stands_still"
    assert failure["stage"] == "onboarding"
    assert told["replayed"] == 3
    assert "It would stand still at event" in await line.says(code=1)
    assert "WARN" not in capfd.readouterr().out, "JSON stands alone on standard output"


async def test_a_workflow_that_this_version_lacks_is_reported(
    line: Line, engaged: Engaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [one for one in WORKFLOWS if one is not Engagement]
    monkeypatch.setattr(checking, "WORKFLOWS", others)
    [failure] = (await line.answers(code=1))["failures"]
    assert failure["problem"] == "stands_still"
    assert "Engagement" in failure["reason"]


async def test_a_sample_takes_some_of_each_kind_and_stage(
    line: Line, office: Office, engaged: Engaged
) -> None:
    await submit_request(engaged, "itm_second")

    async def is_listed() -> bool:
        return bool((await line.answers())["replayed"] == 4)

    await until(is_listed, "Temporal lists the second request")
    told = await line.answers("--sample", "1")
    assert (told["running"], told["replayed"]) == (4, 3)


async def test_without_its_database_kinds_alone_make_the_sample(
    line: Line, engaged: Engaged, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "none.db"
    monkeypatch.setenv("MILEPOST_DATABASE_URL", f"sqlite+aiosqlite:///{missing}")
    settings.cache_clear()
    assert (await line.answers("--sample", "1"))["replayed"] == 3
    assert not missing.exists()


async def test_new_work_goes_to_the_build_that_is_set(
    run: Run, office: Office, engaged: Engaged
) -> None:
    async def says(*arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(run, "upgrade", *arguments)
        assert result.exit_code == code, result.output
        return result.output

    assert json.loads(await says("builds", "--json")) == {"builds": [], "without_build": 3}
    assert "without a build" in await says("builds")
    assert "No worker of build 2 has run yet" in await says("set-current", "2", code=1)
    async with worker_of(office, "2"):
        assert "New work goes to build 2" in await says("set-current", "2")
        told = json.loads(await says("builds", "--json"))
        assert [(one["id"], one["current"]) for one in told["builds"]] == [("2", True)]
        assert "New work goes to it" in await says("builds")
        again = json.loads(await says("set-current", "2", "--json"))
        assert again == {"current": "2", "before": "2"}
        # What began on a worker without a build continues on the build that is current.
        await engaged.item_command("research", REQUEST, AcceptRequest(MANAGER))
        assert "2" in await builds_in(engaged.item_handle("research", REQUEST).id, office)


async def builds_in(workflow_id: str, office: Office) -> set[str]:
    history = await office.client.get_workflow_handle(workflow_id).fetch_history()
    return {
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in history.events
    }


async def test_without_temporal_it_ends_with_3(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    assert "Temporal does not answer" in (await line.answers(code=3))["error"]


@workflow.defn(name="Engagement", sandboxed=False)
class Sleepy:
    """Another version of the same workflow, which waits first."""

    @workflow.run
    async def run(self, engagement: dict[str, Any]) -> None:
        await workflow.sleep(timedelta(days=1))
