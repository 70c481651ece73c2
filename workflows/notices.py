"""Workflows that deliver what no process decided: a reply by email, a change of roles, the end
of a lost item."""

from datetime import timedelta

from temporalio import workflow

from activities.inputs import (
    DELIVER,
    DELIVERY_QUEUE_SUFFIX,
    REDELIVER,
    DeliverInput,
    RedeliverInput,
    TellInput,
)
from workflows import policies
from workflows.ids import DELIVER_NOTICES


@workflow.defn(name=DELIVER_NOTICES)
class DeliverNotices:
    """Delivers the reserved emails, however long the mail server is away."""

    @workflow.run
    async def run(self, of: TellInput) -> None:
        """Deliver. ``of.sequence`` is below 0 for a fact that no process decided."""
        if of.not_before is not None and (wait := of.not_before - workflow.now()) > timedelta():
            await workflow.sleep(wait, summary="mail waits for the sending window")
        await _deliver(DELIVER, DeliverInput(of.engagement_id, of.item_id, of.sequence), of.what)


@workflow.defn
class Redelivery:
    """Sends one notification again. Its id has notification and round, so at most one runs."""

    @workflow.run
    async def run(self, of: RedeliverInput) -> None:
        """Try until the sender accepts or refuses."""
        await _deliver(REDELIVER, of)


async def _deliver(
    activity: str, of: DeliverInput | RedeliverInput, summary: str | None = None
) -> None:
    await workflow.execute_activity(
        activity,
        of,
        task_queue=workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX,
        start_to_close_timeout=policies.DELIVER_ATTEMPT,
        heartbeat_timeout=policies.DELIVER_HEARTBEAT,
        retry_policy=policies.DELIVER_RETRY,
        summary=summary,
    )
