"""Asks Temporal how workflows stand: so many at once, and none for longer than a few seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from commands.catalogue import say
from commands.checks.services import has_pollers
from commands.outcome import Exit, Stop
from commands.places import reach_temporal
from commands.reconciling.differences import Seen
from programmes.rules import ItemKind
from settings import Settings
from workflows.ids import (
    WorkflowAddress,
    engagement_workflow_id,
    item_workflow_id,
    parse_workflow_id,
)
from workflows.messages import EngagementProgress, ItemProgress

TYPES = ("Engagement", "Onboarding", "ResearchRequest", "AdviceCycle", "ReviewMilestone")
"""The workflows that have a reading copy."""

AT_ONCE = 16
"""Requests to Temporal that are under way together."""

CONNECT_WITHIN_SECONDS = 5.0
DESCRIBE_WITHIN = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=10)
"""How long a workflow has to say where it stands: a worker may have to replay its history."""

FAILS = 3
"""From this attempt on: a worker that died in the middle of a step accounts for a second one."""

BY_ITSELF = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.CANCELED)

DUMB = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.NOT_FOUND,
    }
)
"""How the server says that a workflow did not answer, or has nobody who could."""

AWAY = frozenset(
    {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
)


@asynccontextmanager
async def at_temporal(settings: Settings, *, queries: bool = False) -> AsyncIterator[Client]:
    """A client for the block. Raises Stop where Temporal does not answer, at first or later; where
    workflows are to be asked (``queries``), also where no worker is there to answer for them."""
    try:
        async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
            client = await reach_temporal(settings)
    except (RuntimeError, RPCError, TimeoutError):
        raise _down() from None
    try:
        if queries and not await has_pollers(client, settings.task_queue, "workflow"):
            raise Stop(say("reconcile.no_worker", queue=settings.task_queue), code=Exit.DOWN)
        yield client
    except RPCError as error:
        if error.status in AWAY:
            raise _down() from None
        raise Stop(say("reconcile.refused", status=error.status.name), code=Exit.DOWN) from None


def _down() -> Stop:
    return Stop(say("doctor.temporal_down"), code=Exit.DOWN)


async def running(client: Client, task_queue: str) -> AsyncIterator[WorkflowAddress]:
    """Every engagement and item that runs on this office's queue, as Temporal lists them."""
    types = ", ".join(f"'{name}'" for name in TYPES)
    queue = task_queue.replace("'", "''")
    query = f"ExecutionStatus = 'Running' AND TaskQueue = '{queue}' AND WorkflowType IN ({types})"
    async for one in client.list_workflows(query):
        yield parse_workflow_id(one.id)


def workflow_id(of: WorkflowAddress) -> str:
    """The id of the workflow that the address was read from."""
    if of.item_id:
        return item_workflow_id(of.engagement_id, cast(ItemKind, of.kind), of.item_id)
    return engagement_workflow_id(of.engagement_id)


class Asking:
    """Asks for the state of workflows. Raises ``RPCError`` where Temporal itself is silent."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places = asyncio.Semaphore(AT_ONCE)

    async def engagement(self, engagement_id: str) -> Seen:
        """How an engagement stands."""
        return await self._see(engagement_workflow_id(engagement_id), EngagementProgress)

    async def item(self, engagement_id: str, kind: ItemKind, item_id: str) -> Seen:
        """How an item stands."""
        return await self._see(item_workflow_id(engagement_id, kind, item_id), ItemProgress)

    async def _see(
        self, workflow_id: str, of: type[EngagementProgress] | type[ItemProgress]
    ) -> Seen:
        async with self._places:
            handle = self._client.get_workflow_handle(workflow_id)
            try:
                described = await handle.describe(rpc_timeout=DESCRIBE_WITHIN)
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return Seen("absent")
                raise
            return Seen(
                "running" if described.status == WorkflowExecutionStatus.RUNNING else "over",
                await self._progress(described, of),
                described.close_time,
                by_itself=described.status in BY_ITSELF,
            )

    async def _progress(
        self,
        described: WorkflowExecutionDescription,
        of: type[EngagementProgress] | type[ItemProgress],
    ) -> EngagementProgress | ItemProgress | None:
        if described.raw_description.pending_workflow_task.attempt >= FAILS:
            return None
        handle = self._client.get_workflow_handle(described.id, run_id=described.run_id)
        try:
            answer = await handle.query("progress", result_type=of, rpc_timeout=ANSWER_WITHIN)
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None
        except RPCError as error:
            if error.status not in DUMB:
                raise
            return None
        assert isinstance(answer, of)
        return answer
