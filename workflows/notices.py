"""The telling of what no process decided, so it has a workflow of its own: an answer by email, who
has taken over a role, or the last word about an item that is lost."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.inputs import DELIVER, DELIVERY_QUEUE_SUFFIX, DeliverInput, TellInput

from temporalio import workflow

from workflows import policies

with workflow.unsafe.imports_passed_through():
    from activities.inputs import DELIVERY_QUEUE_SUFFIX, REDELIVER, RedeliverInput


TELL_OF_REPLY = "TellOfReply"


@workflow.defn(name=TELL_OF_REPLY)
class TellOfReply:
    """Delivers what was reserved with it, however long the mail server is away."""

    @workflow.run
    async def run(self, of: TellInput) -> None:
        """``of.sequence`` is below 0 where it is the number of a fact that no process decided."""
        if of.not_before is not None and (wait := of.not_before - workflow.now()) > timedelta():
            await workflow.sleep(wait, summary="mail waits for the sending window")
        await workflow.execute_activity(
            DELIVER,
            DeliverInput(of.engagement_id, of.item_id, of.sequence),
            task_queue=workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX,
            start_to_close_timeout=policies.DELIVER_ATTEMPT,
            heartbeat_timeout=policies.DELIVER_HEARTBEAT,
            retry_policy=policies.DELIVER_RETRY,
            summary=of.what,
        )


@workflow.defn
class Redelivery:
    """Its id names the notification and the round, so that at most one of them runs."""

    @workflow.run
    async def run(self, of: RedeliverInput) -> None:
        """Try until the sender has said yes or no."""
        await workflow.execute_activity(
            REDELIVER,
            of,
            task_queue=workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX,
            start_to_close_timeout=policies.DELIVER_ATTEMPT,
            heartbeat_timeout=policies.DELIVER_HEARTBEAT,
            retry_policy=policies.DELIVER_RETRY,
        )
