"""The nightly comparison asks no workflow of a healthy office, and finds what lists can show."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.client import Client, Interceptor, OutboundInterceptor, QueryWorkflowInput
from temporalio.contrib.pydantic import pydantic_data_converter

from commands.reconciling.reading import Comparison
from storage.sql import engagements, items, tasks
from tests.durability.acts import finish_onboarding, submit_request, until_open
from tests.durability.pace import quiet_engagement, today
from tests.durability.reconciled import erase, forget, named, reset, until_quiet
from tests.durability.reconciled import impatient as impatient
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Office, council
from tests.workflows.stories import MANAGER
from workflows.ids import item_workflow_id
from workflows.messages import AcceptRequest, ReviewMoved
from workflows.processes.engagement import EngagementProcess

pytestmark = pytest.mark.dev_server


class Queries(Interceptor):
    """Counts the queries of a client."""

    def __init__(self) -> None:
        self.count = 0

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Counted(next, self)


class _Counted(OutboundInterceptor):
    def __init__(self, next: OutboundInterceptor, queries: Queries) -> None:
        super().__init__(next)
        self._queries = queries

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        self._queries.count += 1
        return await super().query_workflow(input)


@pytest.fixture
def queries() -> Queries:
    return Queries()


@pytest.fixture
async def comparison(server: str, office: Office, queries: Queries) -> Comparison:
    client = await Client.connect(
        server, data_converter=pydantic_data_converter, interceptors=[queries]
    )
    return Comparison(office.database, client, office.settings.task_queue)


async def another(office: Office, number: int) -> Engaged:
    """An engagement of a member of its own."""
    member = f"mem_other_{number}"
    rows = council(member, f"Other council {number}", whose=str(number))
    async with office.database.transaction() as session:
        await rows.write(session)
    engaged = await office.start(quiet_engagement(member_id=member))
    await until_open(engaged, "onboarding")
    return engaged


async def until_suspects(comparison: Comparison, *expected: str) -> None:
    """Temporal's lists are a little behind what it knows."""

    async def are_they() -> bool:
        return sorted(await comparison.suspects()) == sorted(expected)

    await until(are_they, f"suspected: {expected}")


async def found(comparison: Comparison, *expected: tuple[str, str]) -> None:
    async def are_they() -> bool:
        return named(await comparison.nightly()) == sorted(expected)

    await until(are_they, f"found: {expected}")


async def test_a_healthy_office_is_compared_without_a_query(
    office: Office, comparison: Comparison, queries: Queries
) -> None:
    for number in range(4):
        engaged = await another(office, number)
        request = await submit_request(engaged, f"itm_{number}")
        if number == 0:
            await finish_onboarding(engaged)
            await engaged.item_command("research", request, AcceptRequest(MANAGER))
        if number == 1:
            # Overdue for weeks, because people are late. Its workflow does not fail.
            async with office.database.transaction() as session:
                late = datetime.now(UTC) - timedelta(weeks=3)
                of_it = update(tasks).where(tasks.c.engagement_id == engaged.id)
                await session.execute(of_it.values(due_at=late))
    await until_suspects(comparison)
    assert await comparison.nightly() == []
    assert queries.count == 0
    assert await comparison.everything() == []
    assert queries.count >= 4 * 3 - 1


async def _terminate_engagement(engaged: Engaged, request: str) -> None:
    del request
    await engaged.handle.terminate("by hand")


async def _erase_item(engaged: Engaged, request: str) -> None:
    await erase(engaged, request)


async def _reset_item(engaged: Engaged, request: str) -> None:
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await reset(engaged, item_workflow_id(engaged.id, "research", request), updates=False)


@pytest.mark.parametrize(
    ("act", "trouble"),
    [
        (_terminate_engagement, ("workflow_gone", "engagement")),
        (_erase_item, ("record_missing", "research")),
        (_reset_item, ("copy_ahead", "research")),
    ],
)
async def test_what_lists_show_is_found_and_only_that_engagement_is_asked(
    office: Office,
    engaged: Engaged,
    comparison: Comparison,
    queries: Queries,
    act: Callable[[Engaged, str], Awaitable[None]],
    trouble: tuple[str, str],
) -> None:
    others = [await another(office, number) for number in range(3)]
    request = await submit_request(engaged)
    await until_quiet(engaged)
    await until_suspects(comparison)
    await act(engaged, request)
    await until_suspects(comparison, engaged.id)
    queries.count = 0
    await found(comparison, trouble)
    assert 0 < queries.count < 100
    assert engaged.id not in {one.id for one in others}


async def test_a_workflow_that_fails_is_found_once_a_task_is_overdue_for_a_day(
    office: Office, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("what a new version forgot")

    ill = await office.start(quiet_engagement(), task_timeout=timedelta(seconds=1))
    await submit_request(ill)
    with monkeypatch.context() as poison:
        poison.setattr(EngagementProcess, "review_moved", fails)
        await ill.handle.signal("review_moved", ReviewMoved("first-mile", today()))
        async with office.database.transaction() as session:
            late = datetime.now(UTC) - timedelta(days=2)
            await session.execute(update(tasks).values(due_at=late))
        await found(comparison, ("stands_still", "engagement"))
    await found(comparison)


async def test_a_record_that_is_behind_without_a_trace_in_lists_is_found_by_asking_all(
    engaged: Engaged, comparison: Comparison
) -> None:
    """What the nightly comparison does not see: docs/deploy.md says so."""
    request = await submit_request(engaged)
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await forget(engaged, items, 1, request)
    await forget(engaged, engagements, 1, engaged.id)
    await until_suspects(comparison)
    assert await comparison.nightly() == []
    assert ("copy_behind", "research") in named(await comparison.everything())
