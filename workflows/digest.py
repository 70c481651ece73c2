"""One run of a programme's summaries: reserve a page of them, then send each on its own."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.inputs import (
    DELIVERY_QUEUE_SUFFIX,
    PLAN_DIGESTS,
    SEND_DIGEST,
    WITHHOLD_DIGEST,
    DigestInput,
    DigestPlan,
    DigestProgress,
    DigestRun,
)
from workflows import policies

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@workflow.defn
class Digest:
    """Started by its schedule. A repeated run finds the ledger's rows and sends nothing twice. It
    ends before the next run is due, because Temporal would skip that run.

    Summaries that fit on one page are seen to until each has left or is withheld. Of more, each run
    tries one page, and continues as new with the next one. What has to wait stays on the ledger,
    and another round begins when the first of it may leave. So neither the history nor the input
    grows with the number of recipients.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(policies.DIGESTS_AT_ONCE)

    @workflow.run
    async def run(self, of: DigestInput) -> DigestRun:
        """Send the summaries. Returns their count only: the ledger has the recipients."""
        progress = of.progress or DigestProgress(workflow.info().start_time)
        ends = (progress.at if of.progress else workflow.now()) + policies.DIGEST_LIFE
        page = await _plan(of, progress)
        full = len(page) >= of.page
        if progress.first_round:
            progress = replace(progress, planned=progress.planned + len(page))
        if not (full or progress.after or progress.again_at):
            done = await asyncio.gather(*(self._see_to(one, ends) for one in page))
            return DigestRun(progress.planned, progress.handed_over + sum(done))
        tried = await asyncio.gather(*(self._try_once(one, ends) for one in page))
        waits = {_round_after(at) for at in tried if isinstance(at, datetime)}
        progress = replace(
            progress,
            after=page[-1] if full else "",
            again_at=tuple(sorted(waits | set(progress.again_at))),
            handed_over=progress.handed_over + tried.count(True),
        )
        if full:
            _continue(of, progress)
        if progress.again_at:
            await workflow.sleep(max(progress.again_at[0] - workflow.now(), timedelta()))
            later = tuple(at for at in progress.again_at if at > workflow.now())
            _continue(of, replace(progress, again_at=later, first_round=False))
        return DigestRun(progress.planned, progress.handed_over)

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

    async def _try_once(self, notification_id: str, ends: datetime) -> bool | datetime:
        """Send one summary of many. Returns whether it was in time, or when it is tried again."""
        async with self._turns:
            left = ends - workflow.now()
            wait: timedelta | None = left
            if left > timedelta():
                wait = await _send(notification_id, min(left, policies.DIGEST_TRY))
        if wait is None:
            return True
        again_at = workflow.now() + wait
        if again_at < ends:
            return again_at
        await _withhold(notification_id)
        return False


def _round_after(instant: datetime) -> datetime:
    """The begin of the first round at that instant or after it."""
    return instant + (_EPOCH - instant) % policies.DIGEST_ROUNDS


def _continue(of: DigestInput, progress: DigestProgress) -> NoReturn:
    workflow.continue_as_new(
        replace(of, progress=progress),
        initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
    )


async def _plan(of: DigestInput, progress: DigestProgress) -> list[str]:
    """Reserve the next page. It is full unless there are no more."""
    page: list[str] = await workflow.execute_activity(
        PLAN_DIGESTS,
        DigestPlan(
            *(of.programme_id, of.digest, progress.at, progress.after, of.page),
            unsent=not progress.first_round,
        ),
        result_type=list[str],
        task_queue=_queue(),
        start_to_close_timeout=policies.DIGEST_PLAN_ATTEMPT,
        schedule_to_close_timeout=policies.DIGEST_LIFE,
        retry_policy=policies.DELIVER_RETRY,
        summary=of.digest,
    )
    return page


async def _send(notification_id: str, left: timedelta) -> timedelta | None:
    """Returns how long the summary has to wait; all of ``left`` if it failed."""
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
