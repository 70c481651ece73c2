"""Starts workflows, each once under its id."""

import contextlib
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.inputs import RedeliverInput, TellInput
from workflows.ids import (
    DELIVER_NOTICES,
    KIND,
    MEMBER,
    PROGRAMME,
    engagement_workflow_id,
    redelivery_workflow_id,
)
from workflows.messages import EngagementInput

ENGAGEMENT = "Engagement"
REDELIVERY = "Redelivery"


def start_operation(
    start: EngagementInput, task_queue: str
) -> WithStartWorkflowOperation[Any, Any]:
    """The start of an engagement: once under its id, with a readable title in Temporal's UI."""
    return WithStartWorkflowOperation(
        ENGAGEMENT,
        start,
        id=engagement_workflow_id(start.engagement_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=start.title,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PROGRAMME, start.rules.programme),
                SearchAttributePair(MEMBER, start.member_id),
                SearchAttributePair(KIND, "engagement"),
            ]
        ),
    )


async def start_round(client: Client, task_queue: str, of: RedeliverInput) -> None:
    """Send a notification again. Two callers at once start one round. A round that found nothing to
    do may run again. Raises ``RPCError``."""
    await client.start_workflow(
        REDELIVERY,
        of,
        id=redelivery_workflow_id(of.notification_id, of.round),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=f"Notification {of.notification_id}: sent again, {of.round}",
    )


async def start_delivery(
    client: Client, task_queue: str, of: TellInput, *, workflow_id: str, summary: str
) -> None:
    """Deliver the emails that were reserved outside any process. Each id delivers once, so a
    repeat is harmless. Raises ``RPCError``."""
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            DELIVER_NOTICES,
            of,
            id=workflow_id,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=summary,
        )
