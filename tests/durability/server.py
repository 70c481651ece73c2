"""What the tests ask of a real Temporal server beside what a user can."""

from collections.abc import AsyncIterator, Iterable

from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.ids import SEARCH_ATTRIBUTES

ATTRIBUTES = {one.name: "Keyword" for one in SEARCH_ATTRIBUTES}


async def is_in_mid_activity(client: Client, workflow_ids: Iterable[str]) -> bool:
    """Whether a worker is at work on an activity of one of these."""
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return any(
        [
            any(one.state == started for one in described.pending_activities)
            async for described in _described(client, workflow_ids)
        ]
    )


async def waits_for_activity(client: Client, workflow_ids: Iterable[str]) -> bool:
    """Whether an activity of one of these is not done, whether at work or between two attempts."""
    return any(
        [bool(described.pending_activities) async for described in _described(client, workflow_ids)]
    )


async def is_in_mid_decision(client: Client, workflow_ids: Iterable[str]) -> bool:
    """Whether a worker is at work on a workflow task of one of these."""
    started = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED
    return any(
        [
            described.pending_workflow_task.state == started
            async for described in _described(client, workflow_ids)
        ]
    )


async def _described(
    client: Client, workflow_ids: Iterable[str]
) -> AsyncIterator[DescribeWorkflowExecutionResponse]:
    for one in workflow_ids:
        try:
            yield (await client.get_workflow_handle(one).describe()).raw_description
        except RPCError as error:
            # It has not begun yet.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
