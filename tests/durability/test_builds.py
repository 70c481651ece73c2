"""Two builds of the worker side by side: each workflow stays on its own until it is renewed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from commands.renew import ask_all
from temporal.builds import UnknownBuild, builds, set_current
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.acts import (
    finish_onboarding,
    submit_request,
    until_closed,
    until_open,
)
from tests.durability.builds import until_known, worker_of
from tests.durability.pace import TOUR, quiet_rules, settle
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office
from tests.workflows.stories import MANAGER
from workflows.messages import AcceptRequest, Withdraw, WithdrawRequest

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

DURING, AFTER = 3, 4
"""Workflows of an engagement during its onboarding, and after it, with advice and a review."""


@pytest.fixture
def pairs(nightly: bool) -> int:
    """On each build begin so many engagements at each of two stages."""
    return 12 if nightly else 1


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
async def client(server: str) -> Client:
    return await Client.connect(server, data_converter=DATA_CONVERTER)


async def become_current(office: Office, build: str) -> str:
    await until_known(office, build)
    return await set_current(office.client, office.settings.task_queue, build)


async def begin(office: Office, number: int, onboarded: bool = False) -> Engaged:
    """An engagement of a member of its own, with a research request, at one of two stages."""
    engaged = await office.start(replace(await settle(office, number), rules=quiet_rules()))
    await until_open(engaged, "onboarding")
    await submit_request(engaged, request_of(engaged))
    if onboarded:
        await finish_onboarding(engaged)
        await until_open(engaged, "advice")
    return engaged


def request_of(engaged: Engaged) -> str:
    """The id of its research request."""
    return f"itm_{engaged.id}"


def workflows_of(engaged: Engaged) -> list[str]:
    """The workflows of an engagement that have not ended: itself and its request."""
    return [engaged.handle.id, engaged.item_handle("research", request_of(engaged)).id]


async def test_a_workflow_stays_on_its_build_until_it_is_renewed(
    client: Client, tmp_path: Path, pairs: int
) -> None:
    url = migrated_sqlite(tmp_path / "milepost.db")
    async with open_office(client, url, programme=TOUR, skipping=False, build="2") as office:
        queue, text = office.settings.task_queue, await office.text()
        async with worker_of(office, "1"):
            assert await become_current(office, "1") == ""
            old = [await begin(office, one, onboarded=one % 2 == 0) for one in range(2 * pairs)]
            assert await become_current(office, "2") == "1"
            new = [
                await begin(office, one, onboarded=one % 2 == 0)
                for one in range(2 * pairs, 4 * pairs)
            ]
            for one in (*old, *new):
                await one.item_command("research", request_of(one), AcceptRequest(MANAGER))
            assert await runs_on(office, old) == {"1"}
            assert await runs_on(office, new) == {"2"}
            assert await decided_by(office, old) == {"1"}
            assert await decided_by(office, new) == {"2"}

            await until(lambda: all_are_listed(office, pairs), "Temporal lists all of them")
            await ask_all(client, queue)
            await until(lambda: nothing_is_left_on(office, "1"), "build 1 has nothing to do")

            async def all_run_on_the_new_build() -> bool:
                # A run that has just begun is on none before its first decision.
                return await runs_on(office, [*old, *new]) == {"2"}

            await until(all_run_on_the_new_build, "all run on build 2")
        # The worker of build 1 has ended.
        for one in (*old, *new):
            await one.item_command("research", request_of(one), WithdrawRequest(MANAGER, text))
            await until_closed(one, request_of(one))
            assert (await one.command(Withdraw(MANAGER, text))).stage == "withdrawn"


async def runs_on(office: Office, engaged: list[Engaged]) -> set[str]:
    """The builds that the latest runs of these engagements and their requests are on."""
    found = set()
    for workflow_id in (one for each in engaged for one in workflows_of(each)):
        described = await office.client.get_workflow_handle(workflow_id).describe()
        info = described.raw_description.workflow_execution_info.versioning_info
        found.add(info.deployment_version.build_id)
    return found


async def decided_by(office: Office, engaged: list[Engaged]) -> set[str]:
    """The builds whose workers decided in these workflows."""
    return {
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for each in engaged
        for workflow_id in workflows_of(each)
        for event in (await office.client.get_workflow_handle(workflow_id).fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    }


async def all_are_listed(office: Office, pairs: int) -> bool:
    found = await builds(office.client, office.settings.task_queue)
    on_each = pairs * (DURING + AFTER)
    return {one.id: one.running for one in found} == {"1": on_each, "2": on_each}


async def nothing_is_left_on(office: Office, build: str) -> bool:
    found = await builds(office.client, office.settings.task_queue)
    return next(one.running for one in found if one.id == build) == 0


async def test_a_build_without_a_worker_cannot_become_current(
    client: Client, tmp_path: Path
) -> None:
    with pytest.raises(UnknownBuild):
        await set_current(client, "no-such-queue", "1")
    assert await builds(client, "no-such-queue") == []


async def test_without_builds_a_workflow_continues_as_new_as_before(
    client: Client, tmp_path: Path
) -> None:
    url = migrated_sqlite(tmp_path / "milepost.db")
    async with open_office(client, url, programme=TOUR, skipping=False) as office:
        engaged, text = await begin(office, 1), await office.text()
        before = (await engaged.handle.describe()).run_id
        await engaged.handle.signal("begin_anew")

        async def has_begun_anew() -> bool:
            return (await engaged.handle.describe()).run_id != before

        await until(has_begun_anew, "it begins anew")
        assert (await engaged.command(Withdraw(MANAGER, text))).stage == "withdrawn"
