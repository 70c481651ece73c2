"""Checks of Temporal: its namespace, the workers that it hears from, and stuck workflows.

A workflow whose worker fails at a step is retried for ever, and the database keeps the state from
before. Only a look at each workflow shows it, so the number of looks is bounded.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.inputs import DELIVERY_QUEUE_SUFFIX
from commands.checks.machine import Finding
from programmes.rules import ItemKind
from settings import Settings
from storage.database import Database
from storage.queries.reconciling import OpenProcess, open_processes
from temporal.connection import require_answer
from workflows.ids import SEARCH_ATTRIBUTES, engagement_workflow_id, item_workflow_id

ANSWER_WITHIN = timedelta(seconds=5)
RECENTLY = timedelta(minutes=2)
"""A live worker asks for work at least once a minute; the server lists the dead for five."""

REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED", "PermissionDenied", "Unauthenticated")
"""How Temporal refuses a client: a request's status, and the SDK's words when it cannot connect."""

AT_MOST = 1000
"""Workflows that are looked at. Each look is a request to Temporal."""

AT_ONCE = 20
WITHIN_SECONDS = 10.0

FAILS = 3
"""Attempts at one step that count as failing. A worker that died in a step accounts for two."""

NAMED = 5
"""How many are named in the finding."""


async def check_temporal(client: Client) -> list[Finding]:
    """The namespace exists and knows Milepost's search attributes."""
    where = client.service_client.config.target_host
    try:
        await require_answer(client)
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            return [
                Finding(
                    "temporal",
                    "problem",
                    f"{where} has no namespace {client.namespace}.",
                    "Create it with `temporal operator namespace create -n"
                    f" {client.namespace}`, or set TEMPORAL_NAMESPACE to another one.",
                )
            ]
        return [not_reached(problem)]
    reachable = Finding("temporal", "ok", f"{where}, namespace {client.namespace}")
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), timeout=ANSWER_WITHIN
        )
    except RPCError:
        # An API key may be allowed to run workflows and not to read the configuration.
        return [
            reachable,
            Finding(
                "search attributes",
                "notice",
                "Temporal does not list its search attributes to this key.",
                "Check in Temporal's web UI that MilepostProgramme, MilepostMember and"
                " MilepostKind exist with type Keyword.",
            ),
        ]
    missing = sorted({key.name for key in SEARCH_ATTRIBUTES} - set(known.custom_attributes))
    if missing:
        options = " ".join(f"--name {name} --type Keyword" for name in missing)
        return [
            reachable,
            Finding(
                "search attributes",
                "problem",
                f"Temporal lacks these search attributes: {', '.join(missing)}.",
                f"Run `temporal operator search-attribute create {options}`.",
            ),
        ]
    names = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
    return [reachable, Finding("search attributes", "ok", names)]


def not_reached(problem: Exception) -> Finding:
    """Whether Temporal is unreachable, or refuses the connection."""
    said = problem.status.name if isinstance(problem, RPCError) else str(problem)
    if any(refusal in said for refusal in REFUSALS):
        return Finding(
            "temporal",
            "problem",
            "Temporal refuses the connection.",
            "Check that TEMPORAL_API_KEY or the client certificate is correct, has not"
            " expired, and may use the namespace in TEMPORAL_NAMESPACE.",
        )
    return Finding(
        "temporal",
        "down",
        "Temporal does not answer.",
        "Run `milepost up`, or set TEMPORAL_ADDRESS to a running server.",
    )


async def check_workers(client: Client, task_queue: str) -> Finding:
    """A worker asks for work on both task queues."""
    idle = [
        f"{name} ({kind})"
        for name, kind in (
            (task_queue, "workflow"),
            (task_queue + DELIVERY_QUEUE_SUFFIX, "activity"),
        )
        if not await has_pollers(client, name, kind)
    ]
    if idle:
        return Finding(
            "worker",
            "down",
            f"No worker serves: {', '.join(idle)}.",
            "Run `milepost worker` with the same TEMPORAL_ADDRESS and MILEPOST_TASK_QUEUE.",
        )
    return Finding("worker", "ok", f"A worker serves {task_queue}")


async def has_pollers(client: Client, task_queue: str, kind: str) -> bool:
    """Whether a worker asked for work of that kind ("workflow" or "activity") lately."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.Value(f"TASK_QUEUE_TYPE_{kind.upper()}"),
        ),
        timeout=ANSWER_WITHIN,
    )
    since = datetime.now(UTC) - RECENTLY
    return any(poller.last_access_time.ToDatetime(tzinfo=UTC) >= since for poller in answer.pollers)


@dataclass
class Looks:
    """What was seen before the time was up."""

    looked: int = 0
    failing: list[str] = field(default_factory=list)
    """Workflow ids."""


async def check_processes(settings: Settings, client: Client, *, at_most: int = AT_MOST) -> Finding:
    """Whether a workflow fails at the same step again and again, among the longest overdue."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            opened = await open_processes(session, at_most)
    finally:
        await database.dispose()
    looks = await _look(client, [_workflow_id(one) for one in opened.first])
    total = opened.total
    seen = f"Looked at {looks.looked} of {total} open ones, the most overdue first"
    if looks.failing:
        count, names = len(looks.failing), _names(looks.failing)
        stuck = "1 workflow is stuck" if count == 1 else f"{count} workflows are stuck"
        return Finding(
            "workflows",
            "problem",
            f"{stuck}, because the worker fails at the same step each time: {names}. {seen}.",
            "Find the error in the worker's log. Run the previous version, or one with the"
            " fault fixed: the workflows then continue by themselves.",
        )
    if opened.total and not looks.looked:
        return Finding(
            "workflows",
            "notice",
            f"Temporal does not know the {total} workflows that are open in the database.",
            "Check that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE name the server on which"
            " they were started.",
        )
    return Finding("workflows", "ok", f"No workflow fails. {seen}")


async def _look(client: Client, workflow_ids: list[str]) -> Looks:
    looks = Looks()
    places = asyncio.Semaphore(AT_ONCE)

    async def look(workflow_id: str) -> None:
        async with places:
            try:
                handle = client.get_workflow_handle(workflow_id)
                described = await handle.describe(rpc_timeout=ANSWER_WITHIN)
            except RPCError:
                # It has not started or no longer exists. That Temporal is down has its own finding.
                return
        looks.looked += 1
        if described.raw_description.pending_workflow_task.attempt >= FAILS:
            looks.failing.append(workflow_id)

    try:
        async with asyncio.timeout(WITHIN_SECONDS), asyncio.TaskGroup() as looking:
            for one in workflow_ids:
                looking.create_task(look(one))
    except TimeoutError:
        pass  # what was seen before counts
    return looks


def _workflow_id(one: OpenProcess) -> str:
    if one.item_id:
        return item_workflow_id(one.engagement_id, cast(ItemKind, one.kind), one.item_id)
    return engagement_workflow_id(one.engagement_id)


def _names(failing: list[str]) -> str:
    first = sorted(failing)[:NAMED]
    return ", ".join(first) + (" …" if len(failing) > len(first) else "")
