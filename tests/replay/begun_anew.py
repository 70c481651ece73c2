"""Stories that need a real server: continue-as-new, cancelled and terminated workflows.

How often a workflow continues as new depends on how the server batches events, so these are
replayed, and have no fingerprint.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory

from activities.inputs import DigestInput, RedeliverInput
from storage.sql import notifications, programmes
from temporal.converter import DATA_CONVERTER
from tests.durability.acts import (
    finish_onboarding,
    onboarding_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_open,
)
from tests.durability.pace import TOUR, quiet_rules, settle, today
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.histories import all_runs
from tests.replay.playing import Histories
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office
from tests.workflows.stories import LEAD, MANAGER
from workflows.digest import Digest
from workflows.ids import (
    digest_schedule_id,
    engagement_workflow_id,
    item_workflow_id,
    redelivery_workflow_id,
)
from workflows.messages import AnswerQuestion, AskMember, MoveReview
from workflows.notices import Redelivery

EVENTS = 40
"""After so many events the server suggests to continue as new; usually it is 4,096."""

AT_REST = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED,
)

RUNS = 3
MOST_ROUNDS = 60
WAIT_SECONDS = 30.0


async def play_on_a_server(folder: Path) -> Histories:
    """All of them, one after the other."""
    early = {"limit.historyCount.suggestContinueAsNew": str(EVENTS)}
    url = f"sqlite+aiosqlite:///{folder}/milepost.db"
    with dev_server(ATTRIBUTES, dynamic_config=early) as address:
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        async with open_office(client, url, programme=TOUR, skipping=False) as office:
            return {
                **await begun_anew(await begin(office, 1)),
                **await cancelled(await begin(office, 2)),
                **await lost(await begin(office, 3)),
                **await sent_again(await begin(office, 4)),
                **await summed_up(office),
                **await asked(await begin(office, 5)),
            }


async def begin(office: Office, number: int) -> Engaged:
    """An engagement of a member of its own, and a research request."""
    quiet = replace(await settle(office, number), rules=quiet_rules())
    engaged = await office.start(quiet)
    await until_open(engaged, "onboarding")
    await submit_request(engaged, request_of(engaged))
    return engaged


def request_of(engaged: Engaged) -> str:
    """The id of its research request."""
    return f"itm_{engaged.id}"


async def begun_anew(engaged: Engaged) -> Histories:
    """An engagement and its request, each in its third run, and both still open."""
    client, request = engaged.office.client, request_of(engaged)
    workflows = {
        "engagement": engagement_workflow_id(engaged.id),
        "research": item_workflow_id(engaged.id, "research", request),
    }
    kept: Histories = {}
    text = await engaged.office.text()
    for day in range(1, MOST_ROUNDS + 1):
        due = today() + timedelta(days=day)
        await engaged.command(MoveReview(MANAGER, "first-mile", due))
        await engaged.item_command("research", request, AskMember(MANAGER, text))
        await engaged.item_command("research", request, AnswerQuestion(LEAD, text))
        runs = {
            name: [run async for run in all_runs(client, workflows[name])] for name in workflows
        }
        if all(len(one) >= RUNS for one in runs.values()):
            break
    else:
        raise AssertionError("they have not continued as new")
    await finish_onboarding(engaged)
    await until_open(engaged, "advice")
    for name, workflow_id in workflows.items():
        oldest_first = [run async for run in all_runs(client, workflow_id)][::-1]
        for number, history in enumerate(oldest_first, start=1):
            kept[f"anew.{name}.run-{number}"] = history
    return kept


async def asked(engaged: Engaged) -> Histories:
    """An engagement and its request, each asked to restate itself and to begin anew."""
    client, request = engaged.office.client, request_of(engaged)
    return {
        **await asked_one(client, "engagement", engagement_workflow_id(engaged.id)),
        **await asked_one(client, "research", item_workflow_id(engaged.id, "research", request)),
    }


async def asked_one(client: Client, name: str, workflow_id: str) -> Histories:
    handle = client.get_workflow_handle(workflow_id)
    await handle.signal("restate")
    await handle.signal("begin_anew")
    runs: list[WorkflowHistory] = []

    async def has_begun_anew() -> bool:
        runs[:] = [run async for run in all_runs(client, workflow_id)]
        # A run that no worker has taken up yet is nothing to replay.
        return len(runs) > 1 and runs[0].events[-1].event_type in AT_REST

    await until(has_begun_anew, "it begins anew")
    second, first = runs
    return {f"asked.{name}.run-1": first, f"asked.{name}.run-2": second}


async def cancelled(engaged: Engaged) -> Histories:
    """A request, and then the engagement, cancelled from outside."""
    request = request_of(engaged)
    await engaged.item_handle("research", request).cancel()
    await until_closed(engaged, request)
    await until_forgotten(engaged, request)
    await engaged.handle.cancel()
    with suppress(WorkflowFailureError):
        await asyncio.wait_for(engaged.handle.result(), WAIT_SECONDS)
    return {
        "cancelled.engagement": await engaged.handle.fetch_history(),
        "cancelled.research": await engaged.item_handle("research", request).fetch_history(),
        "cancelled.onboarding": await engaged.item_handle(
            "onboarding", onboarding_of(engaged)
        ).fetch_history(),
    }


async def sent_again(engaged: Engaged) -> Histories:
    """A redelivery to its end, and as it stood while its email was being sent."""
    client, database = engaged.office.client, engaged.office.database
    async with database.transaction() as session:
        c = notifications.c
        query = select(c.id).where(c.engagement_id == engaged.id).order_by(c.id).limit(1)
        notification_id = str((await session.execute(query)).scalar_one())
        await session.execute(
            update(notifications).where(c.id == notification_id).values(state="failed")
        )
    handle = await client.start_workflow(
        Redelivery.run,
        RedeliverInput(notification_id, 1, MANAGER),
        id=redelivery_workflow_id(notification_id, 1),
        task_queue=engaged.office.settings.task_queue,
    )
    await asyncio.wait_for(handle.result(), WAIT_SECONDS)
    closed = await handle.fetch_history()
    return {"again.redelivery.closed": closed, "again.redelivery.open": while_sent(closed)}


async def summed_up(office: Office) -> Histories:
    """A run of summaries to its end, and as it stood while the last one was being sent."""
    async with office.database.transaction() as session:
        c = programmes.c
        query = select(c.source).where(c.id == TOUR)
        source = str((await session.execute(query)).scalar_one())
        with_digests = f'{source}\ndigests:\n  manager:\n    at: "08:30"\n'
        await session.execute(update(programmes).where(c.id == TOUR).values(source=with_digests))
    handle = await office.client.start_workflow(
        Digest.run,
        DigestInput(TOUR, "manager"),
        id=digest_schedule_id(office.settings.task_queue, TOUR, "manager"),
        task_queue=office.settings.task_queue,
    )
    run = await asyncio.wait_for(handle.result(), WAIT_SECONDS)
    assert run.handed_over == run.planned > 0
    closed = await handle.fetch_history()
    return {"summed.digest.closed": closed, "summed.digest.open": while_sent(closed)}


def while_sent(closed: WorkflowHistory) -> WorkflowHistory:
    """A history as it stood when its last activity had been asked for."""
    scheduled = max(
        number
        for number, event in enumerate(closed.events, start=1)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    )
    return WorkflowHistory(closed.workflow_id, closed.events[:scheduled])


async def lost(engaged: Engaged) -> Histories:
    """An engagement that is still open, of which a request was terminated by hand."""
    request = request_of(engaged)
    await engaged.item_handle("research", request).terminate()
    await until_forgotten(engaged, request)
    return {"lost.engagement": await engaged.handle.fetch_history()}
