"""How a workflow has its decisions written down and sent: the only place that calls activities."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.inputs import (
        DELIVER,
        DELIVERY_QUEUE_SUFFIX,
        RECORD,
        REMIND,
        DeliverInput,
        RecordResult,
    )
    from programmes.facts import Record

from workflows import policies


class Journal:
    """Writes records, and sees to it that what they reserved is sent.

    A command's record is written before the command is answered. Sending never holds anything up:
    it goes on beside the workflow, which only waits for it at its very end.
    """

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    async def write(self, record: Record) -> None:
        """Write a record, for as long as it takes, and start to send what it reserved."""
        result = await workflow.execute_local_activity(
            RECORD,
            record,
            result_type=RecordResult,
            start_to_close_timeout=policies.RECORD_ATTEMPT,
            retry_policy=policies.RECORD_RETRY,
            local_retry_threshold=policies.RECORD_RETRY_IN_PLACE,
        )
        if result.notifications:
            self._start(self._deliver(record))

    def remind(self, record: Record) -> None:
        """Write a record that only says something, and send that: one activity for both."""
        self._start(self._remind(record))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return not self._under_way

    async def drain(self) -> None:
        """Wait until everything is sent."""
        await workflow.wait_condition(lambda: self.is_idle)

    async def _deliver(self, record: Record) -> None:
        window = max((n.not_before for n in record.notices if n.not_before), default=None)
        if window is not None:
            await _sleep_until(window, "mail waits for the sending window")
        await workflow.execute_activity(
            DELIVER,
            DeliverInput(record.engagement_id, record.item_id, record.sequence),
            task_queue=_delivery_queue(),
            start_to_close_timeout=policies.DELIVER_ATTEMPT,
            heartbeat_timeout=policies.DELIVER_HEARTBEAT,
            retry_policy=policies.DELIVER_RETRY,
            summary=_summary(record),
        )

    async def _remind(self, record: Record) -> None:
        await workflow.execute_activity(
            REMIND,
            record,
            task_queue=_delivery_queue(),
            start_to_close_timeout=policies.DELIVER_ATTEMPT,
            heartbeat_timeout=policies.DELIVER_HEARTBEAT,
            retry_policy=policies.DELIVER_RETRY,
            summary=_summary(record),
        )

    def _start(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(sending)
        self._under_way.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Sending is retried without end, so this is a refusal to write the record: it is for
            # the operator, and takes nothing else of this workflow down.
            workflow.logger.error("a notification could not be handed over: %s", type(error))


async def wait_until_due(
    next_due: Callable[[], datetime | None], interrupted: Callable[[], bool], *, summary: str
) -> None:
    """Wait until ``next_due()``, or until it changes, or until ``interrupted()``.

    One durable timer at a time: it stands as long as the instant it was set for stands.
    """
    due = next_due()

    def stirred() -> bool:
        return interrupted() or next_due() != due

    if due is None:
        await workflow.wait_condition(stirred)
        return
    delay = due - workflow.now()
    if delay.total_seconds() <= 0:
        return
    try:
        # Dangerous to leave uncaught: running into the timeout is how a deadline comes due.
        await workflow.wait_condition(stirred, timeout=delay, timeout_summary=summary)
    except TimeoutError:
        return


async def _sleep_until(instant: datetime, summary: str) -> None:
    delay = instant - workflow.now()
    if delay.total_seconds() > 0:
        await workflow.sleep(delay, summary=summary)


def _delivery_queue() -> str:
    return workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX


def _summary(record: Record) -> str:
    return ", ".join(sorted({notice.kind for notice in record.notices}))
