"""The doctor names the workflows that fail at their work, and looks at so many and no more."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from commands.checks.temporal import check_processes
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.acts import until_open
from tests.durability.pace import TOUR, quiet_engagement, quiet_rules, settle, today
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office
from workflows.messages import ReviewMoved
from workflows.processes.engagement import EngagementProcess

pytestmark = pytest.mark.dev_server

SOON = timedelta(seconds=1)
"""How soon the server asks again where a worker leaves a failure unanswered."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def office(server: str, url: str) -> AsyncIterator[Office]:
    client = await Client.connect(server, data_converter=DATA_CONVERTER)
    async with open_office(client, url, programme=TOUR, skipping=False) as running:
        yield running


async def started(office: Office) -> tuple[Engaged, Engaged]:
    """Two engagements, each with an onboarding; the second is soon asked again."""
    first = await office.start(replace(await settle(office, 1), rules=quiet_rules()))
    second = await office.start(quiet_engagement(), task_timeout=SOON)
    for one in (first, second):
        await until_open(one, "onboarding")
    return first, second


def fails(*_: object) -> None:
    """What a version with an error in it does."""
    raise KeyError("what a new version forgot")


async def test_a_workflow_that_fails_at_its_work_is_named_until_the_error_is_fixed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    well, ill = await started(office)

    async def state() -> str:
        return (await check_processes(office.settings, office.client)).state

    async def is_named() -> bool:
        return await state() == "problem"

    async def goes_on() -> bool:
        return await state() == "ok"

    assert await goes_on()
    with monkeypatch.context() as poison:
        poison.setattr(EngagementProcess, "review_moved", fails)
        await ill.handle.signal("review_moved", ReviewMoved("first-mile", today()))
        await until(is_named, "the doctor finds the workflow that fails")
        finding = await check_processes(office.settings, office.client)
    assert "1 workflow is stuck" in finding.what
    assert f"engagement/{ill.id}." in finding.what
    assert well.id not in finding.what
    assert "the previous version" in finding.fix
    await until(goes_on, "the workflow goes on by itself")


async def test_it_says_at_how_many_it_has_looked(office: Office) -> None:
    nothing = await check_processes(office.settings, office.client)
    assert nothing.state == "ok"
    assert "Looked at 0 of 0" in nothing.what
    await started(office)
    all_of_them = await check_processes(office.settings, office.client)
    assert "Looked at 4 of 4" in all_of_them.what
    few = await check_processes(office.settings, office.client, at_most=3)
    assert "Looked at 3 of 4" in few.what


async def test_where_temporal_knows_none_of_them_it_is_not_said_that_all_is_well(
    office: Office,
) -> None:
    await office.put_down(quiet_engagement())
    finding = await check_processes(office.settings, office.client)
    assert finding.state == "notice"
    assert "does not know the 1" in finding.what
