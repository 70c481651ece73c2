"""A workflow that does nothing but have many reminders written and sent, as items' workflows do."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.inputs import DELIVERY_QUEUE_SUFFIX, REMIND
    from programmes.facts import Record

from workflows.journal import Journal

QUICK_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=1.5,
    maximum_interval=timedelta(seconds=1),
)
QUICK_ATTEMPT = timedelta(seconds=60)


@dataclass(frozen=True)
class Order:
    """What to send, and how soon a courier that falls silent is taken for dead.

    0 stands for the waits and the patience of ``workflows.policies``, as in earnest.
    """

    records: tuple[Record, ...]
    heartbeat: float = 0.0


@workflow.defn
class Wave:
    """Sends all of an order and ends when nothing is under way any more."""

    def __init__(self) -> None:
        self._journal = Journal()

    @workflow.run
    async def run(self, order: Order) -> None:
        """Have every record written and sent: one activity each, as for a rung of a ladder."""
        if order.heartbeat:
            await asyncio.gather(*(self._remind(one, order.heartbeat) for one in order.records))
            return
        for record in order.records:
            self._journal.remind(record)
        await workflow.wait_condition(lambda: self._journal.is_idle)

    async def _remind(self, record: Record, heartbeat: float) -> None:
        await workflow.execute_activity(
            REMIND,
            record,
            task_queue=workflow.info().task_queue + DELIVERY_QUEUE_SUFFIX,
            start_to_close_timeout=QUICK_ATTEMPT,
            heartbeat_timeout=timedelta(seconds=heartbeat),
            retry_policy=QUICK_RETRY,
        )
