"""One run of a programme's summaries: reserve them, then send each on its own."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.inputs import (
    DELIVERY_QUEUE_SUFFIX,
    PLAN_DIGESTS,
    SEND_DIGEST,
    WITHHOLD_DIGEST,
    DigestInput,
    DigestPlan,
    DigestRun,
)
from workflows import policies


@workflow.defn
class Digest:
    """Started by its schedule. A repeated run finds the ledger's rows and sends nothing twice. It
    ends before the next run is due, because Temporal would skip that run."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(policies.DIGESTS_AT_ONCE)

    @workflow.run
    async def run(self, of: DigestInput) -> DigestRun:
        """Send the summaries. Returns their count only: the ledger has the recipients."""
        ends = workflow.now() + policies.DIGEST_LIFE
        plan = await workflow.execute_activity(
            PLAN_DIGESTS,
            DigestPlan(of.programme_id, of.digest, workflow.info().start_time),
            result_type=list[str],
            task_queue=_queue(),
            start_to_close_timeout=policies.DIGEST_PLAN_ATTEMPT,
            schedule_to_close_timeout=policies.DIGEST_LIFE,
            retry_policy=policies.DELIVER_RETRY,
            summary=of.digest,
        )
        done = await asyncio.gather(*(self._see_to(one, ends) for one in plan))
        return DigestRun(planned=len(plan), handed_over=sum(done))

    async def _see_to(self, notification_id: str, ends: datetime) -> bool:
        """Send one summary. Returns whether it was in time. One that waits for days delays no
        other."""
        while True:
            async with self._turns:
                left = ends - workflow.now()
                wait = await _send(notification_id, left) if left > timedelta() else left
            if wait is None:
                return True
            if workflow.now() + wait >= ends:
                await _withhold(notification_id)
                return False
            await workflow.sleep(wait)


async def _send(notification_id: str, left: timedelta) -> timedelta | None:
    """Returns how long the summary has to wait; all the remaining time if it failed."""
    try:
        seconds: float | None = await workflow.execute_activity(
            SEND_DIGEST,
            notification_id,
            task_queue=_queue(),
            start_to_close_timeout=policies.DELIVER_ATTEMPT,
            heartbeat_timeout=policies.DELIVER_HEARTBEAT,
            schedule_to_close_timeout=left,
            retry_policy=policies.DELIVER_RETRY,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return left
    return None if seconds is None else timedelta(seconds=seconds)


async def _withhold(notification_id: str) -> None:
    await workflow.execute_activity(
        WITHHOLD_DIGEST,
        notification_id,
        task_queue=_queue(),
        start_to_close_timeout=policies.RECORD_ATTEMPT,
        schedule_to_close_timeout=policies.DIGEST_WITHHOLD,
        retry_policy=policies.DELIVER_RETRY,
    )


def _queue() -> str:
    return workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX
