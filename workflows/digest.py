"""One run of a programme's summaries: who gets one, and then each on its own."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.inputs import (
        DELIVERY_QUEUE_SUFFIX,
        PLAN_DIGESTS,
        SEND_DIGEST,
        DigestInput,
        DigestPlan,
        DigestRun,
    )

from workflows import policies


@workflow.defn
class Digest:
    """Started by its schedule. A run that is repeated finds the ledger's rows, and sends nothing
    twice."""

    @workflow.run
    async def run(self, of: DigestInput) -> DigestRun:
        """Returns how many were handed over, by count alone: who got one is in the ledger."""
        plan = await workflow.execute_activity(
            PLAN_DIGESTS,
            DigestPlan(of.programme_id, of.digest, workflow.info().start_time),
            result_type=list[str],
            task_queue=_queue(),
            start_to_close_timeout=policies.DIGEST_PLAN_ATTEMPT,
            retry_policy=policies.DELIVER_RETRY,
            summary=of.digest,
        )
        at_once = asyncio.Semaphore(policies.DIGESTS_AT_ONCE)

        async def send(notification_id: str) -> bool:
            async with at_once:
                try:
                    await workflow.execute_activity(
                        SEND_DIGEST,
                        notification_id,
                        task_queue=_queue(),
                        start_to_close_timeout=policies.DELIVER_ATTEMPT,
                        heartbeat_timeout=policies.DELIVER_HEARTBEAT,
                        # By then the next one is due.
                        schedule_to_close_timeout=policies.DIGEST_LIFE,
                        retry_policy=policies.DELIVER_RETRY,
                    )
                except ActivityError:
                    return False
                return True

        done = await asyncio.gather(*(send(one) for one in plan))
        return DigestRun(planned=len(plan), handed_over=sum(done))


def _queue() -> str:
    return workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX
