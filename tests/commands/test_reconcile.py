"""Reconciling, reviving, closing and renewing at the command line, beside an office at work."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from commands.reconciling import differences
from commands.reconciling import reading as comparing
from settings import settings
from temporal.converter import DATA_CONVERTER
from tests.commands.conftest import Run
from tests.databases import migrated_sqlite
from tests.durability.acts import onboarding_of, submit_request, until_open
from tests.durability.pace import TOUR, quiet_engagement
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office

pytestmark = pytest.mark.dev_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def office(server: str, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """An office whose command line sees what its workers do."""
    client = await Client.connect(server, data_converter=DATA_CONVERTER)
    monkeypatch.setattr(comparing, "SECOND_LOOK_SECONDS", 0.3)
    monkeypatch.setattr(differences, "MOMENT", timedelta())
    async with open_office(client, url, programme=TOUR, skipping=False) as running:
        monkeypatch.setenv("MILEPOST_DATABASE_URL", url)
        monkeypatch.setenv("MILEPOST_TASK_QUEUE", running.settings.task_queue)
        monkeypatch.setenv("TEMPORAL_ADDRESS", server)
        settings.cache_clear()
        yield running


@pytest.fixture
async def engaged(office: Office) -> Engaged:
    started = await office.start(quiet_engagement())
    await until_open(started, "onboarding")
    return started


class Line:
    """The command line, run beside the office."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def says(self, *arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(self._run, *arguments)
        assert result.exit_code == code, result.output
        return result.output

    async def answers(self, *arguments: str, code: int = 0) -> Any:
        result = await asyncio.to_thread(self._run, *arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)


@pytest.fixture
def line(run: Run) -> Line:
    return Line(run)


async def test_where_nothing_differs_it_says_so(line: Line, engaged: Engaged) -> None:
    assert "agree" in await line.says("reconcile")
    assert await line.answers("reconcile", "--repair") == {
        "ok": True,
        "repaired": [],
        "differences": [],
    }


async def test_a_lost_item_is_named_repaired_and_then_nothing_is_left(
    line: Line, engaged: Engaged
) -> None:
    request = await submit_request(engaged)
    await engaged.handle.terminate("by hand")
    await engaged.item_handle("research", request).terminate("by hand")
    told = await line.says("reconcile", code=1)
    assert f"engagement revive {engaged.id}" in told
    assert "reconcile --repair` repairs it" in told
    report = await line.answers("reconcile", "--repair", code=1)
    assert [one["item_id"] for one in report["repaired"]] == [request]
    assert [one["trouble"] for one in report["differences"]] == ["workflow_gone"]
    assert report["differences"][0]["repairable"] is False
    assert "continues" in await line.says("engagement", "revive", engaged.id)
    assert "agree" in await line.says("reconcile")


async def test_a_lost_engagement_is_closed_for_a_reason(line: Line, engaged: Engaged) -> None:
    refused = await line.says("engagement", "close", engaged.id, "--reason", "Lost.", code=1)
    assert "is running" in refused
    await engaged.handle.terminate("by hand")
    assert await line.answers("engagement", "close", engaged.id, "--reason", "Lost.") == {
        "id": engaged.id,
        "ok": True,
        "differences": [],
    }
    assert "agree" in await line.says("reconcile")
    shown = await line.says("engagement", "show", engaged.id)
    assert "Lost." in shown
    assert "already ended" in await line.says("engagement", "revive", engaged.id, code=1)
    assert "no engagement" in await line.says("engagement", "revive", "eng_none", code=1)


async def test_everything_that_runs_begins_anew_when_it_is_asked(
    line: Line, engaged: Engaged
) -> None:
    async def runs() -> set[str]:
        onboarding = engaged.item_handle("onboarding", onboarding_of(engaged))
        both = (await engaged.handle.describe(), await onboarding.describe())
        return {str(one.run_id) for one in both}

    first = await runs()

    async def is_listed() -> bool:
        return bool((await line.answers("renew", "--dry-run"))["running"] == 2)

    await until(is_listed, "Temporal lists both")
    assert await runs() == first, "it was only counted"
    assert "2 workflows were asked" in await line.says("renew")

    async def are_new() -> bool:
        return not await runs() & first

    await until(are_new, "both begin anew")
    assert "agree" in await line.says("reconcile")


async def test_what_is_away_is_exit_code_3(
    line: Line, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_TASK_QUEUE", "a-queue-without-worker")
    settings.cache_clear()
    assert "No worker serves a-queue-without-worker" in await line.says("reconcile", code=3)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    for command in (("reconcile",), ("renew",), ("engagement", "revive", "eng_1")):
        assert "Temporal does not answer" in await line.says(*command, code=3)
    monkeypatch.setenv("MILEPOST_DATABASE_URL", "sqlite+aiosqlite:////nowhere/at/all.db")
    settings.cache_clear()
    assert "no database" in await line.says("reconcile", code=3)
