"""Workflows that are cancelled or terminated from outside, on a real server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from programmes.rules import LadderRule, StageRule
from tests.durability.acts import (
    REQUEST,
    finish_onboarding,
    item,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_open,
)
from tests.durability.outages import locked
from tests.durability.pace import TOUR, quiet_engagement, quiet_rules
from tests.durability.server import is_in_mid_decision
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import MANAGER, calendar, item_input
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id
from workflows.messages import AcceptRequest, Withdraw

pytestmark = pytest.mark.dev_server

SHORT_TASKS = timedelta(seconds=1)
"""A decision that hangs is told soon what has happened meanwhile: items do not inherit it."""


async def until_cancelled(engaged: Engaged, workflow_id: str) -> None:
    handle = engaged.office.client.get_workflow_handle(workflow_id)
    with pytest.raises(WorkflowFailureError) as failure:
        await asyncio.wait_for(handle.result(), 100)
    assert isinstance(failure.value.cause, CancelledError)


async def until_it_rests(engaged: Engaged, workflow_id: str) -> None:
    """Wait until a workflow has begun, and waits for its first deadline."""

    async def waits() -> bool:
        return EventType.EVENT_TYPE_TIMER_STARTED in await events_of(engaged, workflow_id)

    await until(waits, "the workflow waits for a deadline")


async def until_it_writes_what_fell_due(engaged: Engaged, workflow_id: str) -> None:
    """Wait until a timer has fired and the decision on it cannot be written."""

    async def hangs() -> bool:
        fired = EventType.EVENT_TYPE_TIMER_FIRED in await events_of(engaged, workflow_id)
        return fired and await is_in_mid_decision(engaged.office.client, [workflow_id])

    await until(hangs, "the decision on what fell due hangs")


async def until_it_takes_the_cancellation(engaged: Engaged, workflow_id: str) -> None:
    """Wait until the workflow, still writing, has been told that it is cancelled."""

    async def told() -> bool:
        events = await events_of(engaged, workflow_id)
        # It stands in no history before the task at hand has ended.
        asked = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
        done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        return asked in events and done in events[events.index(asked) :]

    await until(told, "the workflow is told of its cancellation")


async def events_of(engaged: Engaged, workflow_id: str) -> list[int]:
    handle = engaged.office.client.get_workflow_handle(workflow_id)
    return [event.event_type async for event in handle.fetch_history_events()]


async def test_a_cancelled_item_is_on_record_and_its_engagement_hears_of_it(
    engaged: Engaged,
) -> None:
    request = await submit_request(engaged)
    await engaged.item_handle("research", request).cancel()
    row = await until_closed(engaged, request)
    assert row["outcome"] == "cancelled"
    await until_forgotten(engaged, request)
    await until_cancelled(engaged, item_workflow_id(engaged.id, "research", request))
    assert "research:1" in (await progress_of(engaged)).ended
    assert [task for task in await engaged.rows("tasks") if task["item_id"] == request] == []


async def test_a_cancelled_item_takes_what_was_asked_of_it_before(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    workflow_id = item_workflow_id(engaged.id, "research", request)
    await until_it_rests(engaged, workflow_id)
    async with locked(engaged.office.database):
        accepting = asyncio.create_task(
            engaged.item_command("research", request, AcceptRequest(MANAGER))
        )
        client = engaged.office.client
        await until(lambda: is_in_mid_decision(client, [workflow_id]), "a decision is written")
        await engaged.item_handle("research", request).cancel()
    answer = await accepting
    assert (answer.stage, answer.sequence) == ("scope", 2)
    await until_cancelled(engaged, workflow_id)
    facts = await engaged.facts()
    assert "research.accepted" in facts
    assert facts[-1] == "research.closed"


async def test_an_item_cancelled_while_it_writes_what_fell_due_loses_nothing(
    engaged: Engaged,
) -> None:
    """It closes as the manager does not triage it; it is cancelled while that is written."""
    rules = quiet_rules().research
    assert rules is not None
    at_once = StageRule("manager", "1s", "at_once", at_end="close")
    request = item_input(
        "research",
        engagement_id=engaged.id,
        item_id=REQUEST,
        at=datetime.now(UTC),
        calendar=calendar("ENG", TOUR),
        ladders={"at_once": LadderRule((), "1s")},
        research=replace(rules, triage=at_once),
    )
    office = engaged.office
    workflow_id = item_workflow_id(engaged.id, "research", REQUEST)
    async with locked(office.database):
        item = await office.client.start_workflow(
            "ResearchRequest",
            request,
            id=workflow_id,
            task_queue=office.settings.task_queue,
            task_timeout=SHORT_TASKS,
        )
        await until_it_writes_what_fell_due(engaged, workflow_id)
        await item.cancel()
        await until_it_takes_the_cancellation(engaged, workflow_id)
    assert (await until_closed(engaged, REQUEST))["outcome"] == "no_answer"
    await until_cancelled(engaged, workflow_id)
    assert (await engaged.facts()).count("research.closed") == 1
    told = [mail.kind for mail in await office.mails(engaged.id)]
    assert told.count("research.closed") == 2, "the lead and the manager hear of it"


async def test_an_engagement_cancelled_while_it_opens_an_item_leaves_none_behind(
    office: Office,
) -> None:
    rules = quiet_rules()
    assert rules.advice is not None
    rules = replace(rules, advice=replace(rules.advice, first="2s"), reviews=())
    engaged = await office.start(quiet_engagement(rules=rules), task_timeout=SHORT_TASKS)
    await until_open(engaged, "onboarding")
    await finish_onboarding(engaged)
    workflow_id = engagement_workflow_id(engaged.id)
    async with locked(office.database):
        await until_it_writes_what_fell_due(engaged, workflow_id)
        await engaged.handle.cancel()
        await until_it_takes_the_cancellation(engaged, workflow_id)
    await until_cancelled(engaged, workflow_id)
    cycle = scheduled_item_id(engaged.id, "advice", "1")
    assert (await until_closed(engaged, cycle))["outcome"] == "cancelled"
    assert (await progress_of(engaged)).items == {}
    assert (await engaged.row())["stage"] == "withdrawn"


async def test_a_cancelled_engagement_ends_its_items_and_says_so(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    await engaged.handle.cancel()
    for item_id in (request, onboarding_of(engaged)):
        assert (await until_closed(engaged, item_id))["outcome"] == "cancelled"
    await until_cancelled(engaged, engagement_workflow_id(engaged.id))
    assert await engaged.rows("tasks") == []
    row = await engaged.row()
    assert row["closed_at"] is not None
    assert row["stage"] == "withdrawn"
    assert "engagement.cancelled" in await engaged.facts()
    assert (await progress_of(engaged)).items == {}


async def test_an_engagement_with_a_terminated_item_can_be_withdrawn_and_ends(
    engaged: Engaged,
) -> None:
    request = await submit_request(engaged)
    await engaged.item_handle("research", request).terminate("by hand")
    assert (await until_closed(engaged, request))["outcome"] == "lost"
    await until_forgotten(engaged, request)
    await engaged.command(Withdraw(MANAGER, await engaged.office.text()))
    assert await asyncio.wait_for(engaged.handle.result(), 100) == "withdrawn"
    assert (await engaged.row())["stage"] == "withdrawn"
    onboarding = await item(engaged, onboarding_of(engaged))
    assert onboarding["outcome"] == "withdrawn", "the engagement ends after its items have closed"
    # What it reported last it did before its own end: that may come after the engagement's.
    ended = engaged.item_handle("onboarding", onboarding_of(engaged)).result()
    assert await asyncio.wait_for(ended, 60) == "withdrawn"
