"""Checks of the processes that Milepost needs: database, Temporal, workers, API, waiting emails.

A workflow whose worker fails at a step is retried for ever, and the database keeps the state from
before. Only a look at each workflow shows it, so the number of looks is bounded.
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
from commands.checks.machine import Finding
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
"""Workflows that are looked at. Each look is a request to Temporal."""

AT_ONCE = 20
WITHIN_SECONDS = 10.0
PROCESS_ANSWERS_WITHIN = timedelta(seconds=5)

FAILS = 3
"""Attempts at one step that count as failing. A worker that died in a step accounts for two."""

NAMED = 5
"""How many are named in the finding."""


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
                described = await handle.describe(rpc_timeout=PROCESS_ANSWERS_WITHIN)
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


ANSWER_WITHIN = timedelta(seconds=5)
STRANGERS_FOR = timedelta(days=7)
RECENTLY = timedelta(minutes=2)
"""A live worker asks for work at least once a minute; the server lists the dead for five."""

REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED", "PermissionDenied", "Unauthenticated")
"""How Temporal refuses a client: a request's status, and the SDK's words when it cannot connect."""


async def check_services(settings: Settings) -> AsyncIterator[Finding]:
    """Each part, those first that others need."""
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
    """The database answers, and has the tables of this version."""
    where = database_place(settings)
    if is_missing_file(settings):
        return Finding(
            "database",
            "down",
            f"There is no database at {where} yet.",
            "Run `milepost up`, or `milepost migrate` to create one.",
        )
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            if not await is_current(database):
                return Finding(
                    "database",
                    "problem",
                    f"{where} has the tables of another version.",
                    "Run `milepost migrate`.",
                )
    except (SQLAlchemyError, OSError, TimeoutError) as problem:
        reason = type(getattr(problem, "orig", None) or problem).__name__
        return Finding(
            "database",
            "down",
            f"{where} does not answer ({reason}).",
            "Check MILEPOST_DATABASE_URL, and that the database server is running.",
        )
    finally:
        await database.dispose()
    return Finding("database", "ok", f"{where} answers and is up to date")


async def check_reports(settings: Settings) -> Finding:
    """Whether SendGrid reports on emails that this office did not send. Only counts are kept."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            count = await strangers_since(session, (datetime.now(UTC) - STRANGERS_FOR).date())
    finally:
        await database.dispose()
    if count:
        return Finding(
            "reports",
            "notice",
            f"In the last 7 days SendGrid reported {count} times on emails that this office"
            " did not send.",
            "Another system may send with the same SendGrid account, or the database was"
            " restored to an earlier day. Give this office its own SendGrid account or"
            " subuser.",
        )
    return Finding("reports", "ok", "SendGrid reports on this office's emails only")


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


async def check_api(settings: Settings) -> Finding:
    """The API answers on its own address, and serves commands too."""
    address = api_address(settings)
    try:
        timeout = ANSWER_WITHIN.total_seconds()
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = await client.get(f"{address}/readyz")
    except httpx.HTTPError:
        return Finding(
            "api",
            "down",
            f"The API at {address} does not answer.",
            "Run `milepost api`, or `milepost up` for all parts.",
        )
    if answer.status_code != httpx.codes.OK:
        return Finding(
            "api",
            "down",
            f"The API at {address} is not ready ({answer.status_code}).",
            "See the line about the database: the API needs it.",
        )
    ready = answer.json()
    if ready["status"] != "ready":
        reason = ready["checks"]["temporal"]
        return Finding(
            "api",
            "problem",
            f"The API at {address} is read-only. Temporal: {reason}.",
            "See the line about Temporal. If it shows no problem, start the API with the"
            " same TEMPORAL_ADDRESS.",
        )
    return Finding("api", "ok", f"{address} answers")


ANSWER_WITHIN_SECONDS = 5.0


async def check_emails(settings: Settings) -> list[Finding]:
    """One finding for each reason. None where the database does not answer: that has its own."""
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
        Finding(
            "emails",
            "problem" if now - one.since > A_WHILE else "notice",
            f"{one.count} waiting since {UK.moment(one.since)}: {reason_sentence(one.reason)}",
            "Fix that cause. The emails then leave by themselves, except those that are out"
            " of date.",
        )
        for one in waiting
    ] or [Finding("emails", "ok", "No email is held up")]
