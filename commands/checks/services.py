"""Check of the workflows behind what is open: one that fails at its work stands still, alone.

A worker that fails at a step is asked again and again, and nothing else shows it: the reading copy
keeps the state of before. Only a look at each workflow tells, so the number of looks is bounded.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.inputs import DELIVERY_QUEUE_SUFFIX
from commands.checks.machine import Finding, found
from commands.outcome import api_address, database_place, is_missing_file, reach_temporal
from notifications.sentences import UK, reason_sentence
from programmes.rules import ItemKind
from settings import Settings
from storage.database import Database
from storage.inbound import strangers_since
from storage.migrate import is_current
from storage.queries.reconciling import OpenProcess, open_processes
from storage.queries.waiting import A_WHILE, waiting_emails
from temporal.connection import require_answer
from workflows.ids import SEARCH_ATTRIBUTES, engagement_workflow_id, item_workflow_id

AT_MOST = 1000
"""Workflows that are looked at: a look takes a request to Temporal."""

AT_ONCE = 20
WITHIN_SECONDS = 10.0
PROCESS_ANSWERS_WITHIN = timedelta(seconds=5)

FAILS = 3
"""From this attempt on: a worker that died in the middle of a step accounts for a second one."""

NAMED = 5
"""How many are named; the others are counted."""


@dataclass
class Looks:
    """What was seen until the time was over."""

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
    values: dict[str, object] = {"looked": looks.looked, "total": opened.total}
    if looks.failing:
        values |= {"count": len(looks.failing), "names": _names(looks.failing)}
        return found("workflows", "problem", "workflows_fail", **values)
    if opened.total and not looks.looked:
        return found("workflows", "notice", "workflows_unseen", **values)
    return found("workflows", "ok", "workflows", **values)


async def _look(client: Client, workflow_ids: list[str]) -> Looks:
    looks = Looks()
    places = asyncio.Semaphore(AT_ONCE)

    async def look(workflow_id: str) -> None:
        async with places:
            try:
                handle = client.get_workflow_handle(workflow_id)
                described = await handle.describe(rpc_timeout=PROCESS_ANSWERS_WITHIN)
            except RPCError:
                # It has not begun, or is forgotten; or Temporal is away, and has a finding for it.
                return
        looks.looked += 1
        if described.raw_description.pending_workflow_task.attempt >= FAILS:
            looks.failing.append(workflow_id)

    try:
        async with asyncio.timeout(WITHIN_SECONDS), asyncio.TaskGroup() as looking:
            for one in workflow_ids:
                looking.create_task(look(one))
    except TimeoutError:
        pass  # what was seen by then counts
    return looks


def _workflow_id(one: OpenProcess) -> str:
    if one.item_id:
        return item_workflow_id(one.engagement_id, cast(ItemKind, one.kind), one.item_id)
    return engagement_workflow_id(one.engagement_id)


def _names(failing: list[str]) -> str:
    first = sorted(failing)[:NAMED]
    return ", ".join(first) + (" …" if len(failing) > len(first) else "")


ANSWER_WITHIN = timedelta(seconds=5)
STRANGERS_FOR = timedelta(days=7)
RECENTLY = timedelta(minutes=2)
"""A live worker asks for work at least once a minute; the server lists the dead for five."""

REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED", "PermissionDenied", "Unauthenticated")
"""How Temporal turns somebody away: a request's status, and how the SDK tells of one in words when
it cannot connect."""


async def check_services(settings: Settings) -> AsyncIterator[Finding]:
    """Each part in the order in which they need each other."""
    database = await check_database(settings)
    yield database
    if database.state == "ok" and settings.sendgrid_webhook_key:
        yield await check_reports(settings)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            client = await reach_temporal(settings)
    except (RuntimeError, RPCError, TimeoutError) as problem:
        yield not_reached(problem)
    else:
        findings = await check_temporal(client)
        for finding in findings:
            yield finding
        if findings[0].state == "ok":
            yield await check_workers(client, settings.task_queue)
            if database.state == "ok":
                yield await check_processes(settings, client)
    yield await check_api(settings)


async def check_database(settings: Settings) -> Finding:
    """It answers, and it has the tables of this version."""
    where = database_place(settings)
    if is_missing_file(settings):
        return found("database", "down", "database_none", where=where)
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            if not await is_current(database):
                return found("database", "problem", "database_old", where=where)
    except (SQLAlchemyError, OSError, TimeoutError) as problem:
        reason = type(getattr(problem, "orig", None) or problem).__name__
        return found("database", "down", "database_down", where=where, reason=reason)
    finally:
        await database.dispose()
    return found("database", "ok", "database", where=where)


async def check_reports(settings: Settings) -> Finding:
    """Whether SendGrid tells this office of emails that it never sent: counts alone are kept."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            count = await strangers_since(session, (datetime.now(UTC) - STRANGERS_FOR).date())
    finally:
        await database.dispose()
    if count:
        return found("reports", "notice", "strangers", count=count)
    return found("reports", "ok", "reports")


async def check_temporal(client: Client) -> list[Finding]:
    """The namespace exists and knows Milepost's search attributes."""
    where = client.service_client.config.target_host
    try:
        await require_answer(client)
    except RPCError as problem:
        if problem.status is RPCStatusCode.NOT_FOUND:
            values = {"where": where, "namespace": client.namespace}
            return [found("temporal", "problem", "namespace_absent", **values)]
        return [not_reached(problem)]
    reachable = found("temporal", "ok", "temporal", where=where, namespace=client.namespace)
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), timeout=ANSWER_WITHIN
        )
    except RPCError:
        # A key that may work in a namespace need not see how it is set up.
        return [reachable, found("search attributes", "notice", "attributes_unseen")]
    missing = sorted({key.name for key in SEARCH_ATTRIBUTES} - set(known.custom_attributes))
    if missing:
        options = " ".join(f"--name {name} --type Keyword" for name in missing)
        values = {"missing": ", ".join(missing), "options": options}
        return [reachable, found("search attributes", "problem", "attributes_absent", **values)]
    names = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
    return [reachable, found("search attributes", "ok", "attributes", names=names)]


def not_reached(problem: Exception) -> Finding:
    """Whether Temporal is away, or turns us away."""
    said = problem.status.name if isinstance(problem, RPCError) else str(problem)
    if any(refusal in said for refusal in REFUSALS):
        return found("temporal", "problem", "temporal_refuses")
    return found("temporal", "down", "temporal_down")


async def check_workers(client: Client, task_queue: str) -> Finding:
    """Somebody asks for work on both task queues."""
    idle = [
        f"{name} ({kind})"
        for name, kind in (
            (task_queue, "workflow"),
            (task_queue + DELIVERY_QUEUE_SUFFIX, "activity"),
        )
        if not await has_pollers(client, name, kind)
    ]
    if idle:
        return found("worker", "down", "worker_absent", queues=", ".join(idle))
    return found("worker", "ok", "worker", queue=task_queue)


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


async def check_api(settings: Settings) -> Finding:
    """The API answers on its own address, and serves commands too."""
    address = api_address(settings)
    try:
        timeout = ANSWER_WITHIN.total_seconds()
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = await client.get(f"{address}/readyz")
    except httpx.HTTPError:
        return found("api", "down", "api_down", where=address)
    if answer.status_code != httpx.codes.OK:
        return found("api", "down", "api_unready", where=address, status=answer.status_code)
    ready = answer.json()
    if ready["status"] != "ready":
        reason = ready["checks"]["temporal"]
        return found("api", "problem", "api_reads", where=address, reason=reason)
    return found("api", "ok", "api", where=address)


ANSWER_WITHIN_SECONDS = 5.0


async def check_emails(settings: Settings) -> list[Finding]:
    """One finding for each reason; none where the database cannot say, which has its own."""
    if is_missing_file(settings):
        return []
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS), database.reading() as session:
            waiting = await waiting_emails(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return []
    finally:
        await database.dispose()
    now = datetime.now(UTC)
    return [
        found(
            "emails",
            "problem" if now - one.since > A_WHILE else "notice",
            "emails_wait",
            count=one.count,
            since=UK.moment(one.since),
            reason=reason_sentence(one.reason),
        )
        for one in waiting
    ] or [found("emails", "ok", "emails")]
