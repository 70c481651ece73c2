"""What an operator asks of workflows by hand: to begin anew, to restate themselves, a reset."""

import pytest
from sqlalchemy import delete, update
from temporalio.client import WorkflowExecutionStatus

from storage.sql import engagements, items, tasks
from tests.durability.acts import (
    finish_onboarding,
    item_progress_of,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
    until_open,
)
from tests.durability.reconciled import reset
from tests.durability.waiting import until
from tests.workflows.office import Engaged
from tests.workflows.stories import MANAGER
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import AcceptRequest, Withdraw

pytestmark = pytest.mark.dev_server


async def run_of(engaged: Engaged, workflow_id: str) -> str:
    described = await engaged.office.client.get_workflow_handle(workflow_id).describe()
    return described.run_id or ""


async def ask(engaged: Engaged, workflow_id: str, signal: str) -> None:
    await engaged.office.client.get_workflow_handle(workflow_id).signal(signal)


async def test_what_is_asked_to_begin_anew_does_so_and_loses_nothing(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    workflows = (
        engagement_workflow_id(engaged.id),
        item_workflow_id(engaged.id, "research", request),
    )
    first = [await run_of(engaged, one) for one in workflows]
    before = await progress_of(engaged), await item_progress_of(engaged, "research", request)
    for workflow_id in workflows:
        await ask(engaged, workflow_id, "begin_anew")

    async def all_anew() -> bool:
        return all(
            [await run_of(engaged, one) != run for one, run in zip(workflows, first, strict=True)]
        )

    await until(all_anew, "both begin anew")
    assert (
        await progress_of(engaged),
        await item_progress_of(engaged, "research", request),
    ) == before
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await engaged.command(Withdraw(MANAGER, await engaged.office.text()))
    assert (await until_closed(engaged, request))["outcome"] == "withdrawn"
    # Asked once, begun anew once: the second run goes on as ever.
    described = engaged.office.client.get_workflow_handle(workflows[0])
    assert await described.result() == "withdrawn"


async def test_a_reading_copy_that_is_older_or_away_is_as_the_workflow_is_once_it_restates_itself(
    engaged: Engaged,
) -> None:
    request = await submit_request(engaged)
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    tables = ("items", "tasks")
    before = {table: await engaged.rows(table) for table in tables}
    row = await engaged.row()
    async with engaged.office.database.transaction() as session:
        await session.execute(delete(tasks).where(tasks.c.engagement_id == engaged.id))
        await session.execute(delete(items).where(items.c.id == request))
        await session.execute(
            update(items).where(items.c.id == onboarding_of(engaged)).values(stage="", due_at=None)
        )
        await session.execute(
            update(engagements)
            .where(engagements.c.id == engaged.id)
            .values(stage="onboarding", sequence=0, state_sequence=0, due_at=None, soon_at=None)
        )
    for workflow_id in (
        engagement_workflow_id(engaged.id),
        item_workflow_id(engaged.id, "research", request),
        item_workflow_id(engaged.id, "onboarding", onboarding_of(engaged)),
    ):
        await ask(engaged, workflow_id, "restate")

    async def restated() -> bool:
        return (await engaged.facts()).count("record.restated") == 3

    await until(restated, "all three restate themselves")
    after = {table: await engaged.rows(table) for table in tables}
    counted = {"sequence", "state_sequence", "tasks_sequence"}
    for table in tables:
        assert without(after[table], counted) == without(before[table], counted)
    assert without([await engaged.row()], counted) == without([row], counted)
    assert await heard_twice(engaged) == set()


async def test_an_engagement_that_is_reset_opens_no_item_a_second_time(engaged: Engaged) -> None:
    await finish_onboarding(engaged)
    await until_open(engaged, "advice")
    onboarding = onboarding_of(engaged)
    ended = await engaged.item_handle("onboarding", onboarding).describe()
    await reset(engaged, engagement_workflow_id(engaged.id))

    async def is_active_again() -> bool:
        progress = await progress_of(engaged)
        return progress.stage == "active" and "onboarding:onboarding" in progress.ended

    await until(is_active_again, "what it was told is told to it again")
    again = await engaged.item_handle("onboarding", onboarding).describe()
    assert (again.run_id, again.status) == (ended.run_id, WorkflowExecutionStatus.COMPLETED)
    assert await heard_twice(engaged) == set()
    assert (await engaged.row())["stage"] == "active"


async def heard_twice(engaged: Engaged) -> set[tuple[str, str]]:
    told = [(mail.kind, mail.recipient) for mail in await engaged.office.mails(engaged.id)]
    return {one for one in told if told.count(one) > 1}


def without(rows: list[dict[str, object]], columns: set[str]) -> list[dict[str, object]]:
    kept = [{key: value for key, value in row.items() if key not in columns} for row in rows]
    return sorted(kept, key=lambda row: (str(row.get("id")), str(row.get("key"))))
