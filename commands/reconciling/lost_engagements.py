"""Continues or closes an engagement whose workflow is gone."""

from datetime import UTC, datetime
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyType
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client

from commands.lookup import no_engagement
from commands.outcome import Stop
from commands.reconciling.differences import Difference, Look, differences
from commands.reconciling.last_words import LastWords
from commands.reconciling.reading import Comparison
from commands.reconciling.repairing import Repairing
from services.permissions import OPERATOR
from storage.queries.reconciling import EngagementOnRecord
from workflows.ids import engagement_workflow_id

WHY = "milepost engagement revive"
"""The reason that Temporal's web UI shows for the reset."""


async def revive(comparison: Comparison, engagement_id: str) -> list[Difference]:
    """Continue the workflow from its last completed step, and tell it what it missed. Returns what
    could not be repaired. Raises Stop where it is not lost, or Temporal no longer has it."""
    look = await comparison.look(engagement_id)
    _gone(look)
    if look.engagement.status == "absent":
        raise Stop(
            f"Temporal no longer has the workflow of {engagement_id!r}, so it cannot"
            f" continue. Close it with `milepost engagement close {engagement_id} --reason"
            " …`, then start the member again."
        )
    await reset(comparison.client, engagement_id)
    return await Repairing(comparison).engagement(engagement_id)


async def close(comparison: Comparison, engagement_id: str, reason: str) -> list[Difference]:
    """Close it in the database, with its items. Returns what could not be repaired. Raises Stop
    where its workflow can still end it."""
    row = _gone(await comparison.look(engagement_id))
    words = LastWords(comparison.database, comparison.client, comparison.task_queue)
    await words.of_lost_engagement(row, OPERATOR.holder_id, reason)
    return await Repairing(comparison).engagement(engagement_id)


def _gone(look: Look) -> EngagementOnRecord:
    """The engagement in the database. Raises Stop where it has a workflow."""
    if look.row is None:
        raise no_engagement(look.id)
    if look.row.closed_at is not None:
        raise Stop(f"Engagement {look.id!r} has already ended.")
    if look.engagement.runs:
        raise Stop(
            f"The workflow of {look.id!r} is running. Withdraw the engagement instead, or"
            " run `milepost reconcile`."
        )
    found = differences(look, datetime.now(UTC))
    if not any(one.trouble == "workflow_gone" and not one.item_id for one in found):
        # It ended normally, or never started.
        raise Stop(
            f"The workflow of {look.id!r} ended normally, or does not report its state. Run"
            " `milepost reconcile`."
        )
    return look.row


async def reset(client: Client, engagement_id: str) -> None:
    """Reset its latest run to the last completed step. Raises Stop where it completed none."""
    handle = client.get_workflow_handle(engagement_workflow_id(engagement_id))
    run = WorkflowExecution(workflow_id=handle.id, run_id=(await handle.describe()).run_id)
    event_id = await _last_step(client, run)
    if event_id is None:
        raise Stop(
            f"Temporal no longer has the workflow of {engagement_id!r}, so it cannot"
            f" continue. Close it with `milepost engagement close {engagement_id} --reason"
            " …`, then start the member again."
        )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=run,
            reason=WHY,
            workflow_task_finish_event_id=event_id,
            request_id=uuid4().hex,
            # Signals and updates after that step are applied again.
            reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_ALL_ELIGIBLE,
        )
    )


async def _last_step(client: Client, run: WorkflowExecution) -> int | None:
    """The event of the last completed step, or None."""
    token = b""
    while True:
        page = await client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=client.namespace,
                execution=run,
                maximum_page_size=100,
                next_page_token=token,
            )
        )
        for event in page.history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return event.event_id
        token = page.next_page_token
        if not token:
            return None
