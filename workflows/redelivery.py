"""One notification, sent once more because a person said so; never by itself."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.inputs import DELIVERY_QUEUE_SUFFIX, REDELIVER, RedeliverInput

from workflows import policies


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
