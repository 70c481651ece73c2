"""How a workflow records its decisions and sends its emails: the only caller of activities."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.inputs import (
    DELIVER,
    DELIVERY_QUEUE_SUFFIX,
    NOT_YET,
    RECORD,
    REMIND,
    DeliverInput,
    RecordResult,
)
from programmes.facts import Fact, Record, first_to_leave
from workflows import policies
from workflows.messages import NOT_RECORDED


class Journal:
    """Writes records, and starts the delivery of the notifications that they reserve.

    A command is answered after its record is written. Delivery runs beside the workflow, which
    waits for it only before it ends or continues as new.
    """

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    async def write(self, record: Record) -> None:
        """Write a record, retrying without end, then start the delivery of its notifications."""
        try:
            result = await workflow.execute_local_activity(
                RECORD,
                record,
                result_type=RecordResult,
                start_to_close_timeout=policies.RECORD_ATTEMPT,
                retry_policy=policies.RECORD_RETRY,
                local_retry_threshold=policies.RECORD_RETRY_IN_PLACE,
            )
        except ActivityError as error:
            # The database will never take it. The record may hold personal data, so log no more.
            raise ApplicationError(
                "This could not be written down, so nothing was changed. Tell the operator.",
                type=NOT_RECORDED,
                non_retryable=True,
            ) from error
        if result.notifications:
            self._start(self._deliver(record))

    async def write_or_note(self, record: Record) -> None:
        """Write a record without a waiting caller. If the database rejects it for good, put a fact
        on the timeline that names what is missing. The workflow continues."""
        try:
            await self.write(record)
        except ApplicationError:
            workflow.set_current_details(f"Record {record.sequence} was refused by the database")
            await self._note_loss(record)

    async def _note_loss(self, record: Record) -> None:
        lost = Fact(
            "record.refused",
            workflow.now(),
            data={
                "facts": ", ".join(fact.kind for fact in record.facts),
                "notices": ", ".join(notice.kind for notice in record.notices),
            },
        )
        bare = Record(record.engagement_id, record.item_id, record.sequence, (lost,))
        try:
            await self.write(bare)
        except ApplicationError:
            workflow.logger.error("record %d cannot even be noted as lost", record.sequence)

    def remind(self, record: Record) -> None:
        """Write a record that only notifies, and send it, in one activity."""
        self._start(self._remind(record))

    @property
    def is_idle(self) -> bool:
        """Whether no delivery is in progress."""
        return not self._under_way

    async def _deliver(self, record: Record) -> None:
        window = first_to_leave(record.notices)
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
        try:
            await workflow.execute_activity(
                REMIND,
                record,
                task_queue=_delivery_queue(),
                start_to_close_timeout=policies.DELIVER_ATTEMPT,
                heartbeat_timeout=policies.DELIVER_HEARTBEAT,
                retry_policy=policies.REMIND_RETRY,
                priority=policies.REMIND_PRIORITY,
                summary=_summary(record),
            )
        except ActivityError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == NOT_YET:
                await self._deliver(record)
            else:
                # The database rejected the record. One reminder is lost, and the timeline says
                # which.
                await self._note_loss(record)

    def _start(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(sending)
        self._under_way.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            workflow.logger.error("a notification could not be handed over: %s", type(error))


async def wait_until_due(
    next_due: Callable[[], datetime | None], interrupted: Callable[[], bool], *, summary: str
) -> None:
    """Wait until ``next_due()``, until that changes, or until ``interrupted()``.

    There is one durable timer at a time. It is replaced when the next due instant changes.
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
        # Must be caught: the timeout is how a deadline comes due.
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
