"""What every item's workflow does: wait for due dates, take commands, report its end."""

import asyncio
from dataclasses import replace
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import CancelledError, FailureError

from programmes.facts import MILEPOST
from workflows.deciding import DecidingWorkflow
from workflows.ids import engagement_workflow_id
from workflows.journal import wait_until_due
from workflows.messages import (
    Answer,
    CloseItem,
    ItemEnded,
    ItemInput,
    ItemProgress,
    MoveDeadline,
    ReviewMoved,
)
from workflows.processes.process import Process

P = TypeVar("P", bound=Process)


class ItemWorkflow(DecidingWorkflow[P]):
    """Runs a process. Subclasses add ``run`` and the commands of their kind.

    The opening is recorded before the workflow starts (the engagement wrote it), so the process
    begins at sequence 1.
    """

    def __init__(self, process: P) -> None:
        progress = process.item.progress
        if progress is None:
            process.opening()
        super().__init__(process, progress.processed if progress else ())

    async def run_to_end(self) -> str:
        """Wake for each due date until the item closes. Returns its outcome."""
        try:
            while not self.process.is_closed:
                await self._wait()
                if self._can_begin_anew():
                    self._begin_anew(self._carried_on())
                # A cancellation waits for this step, so that no decision is lost half-way.
                await asyncio.shield(self._wake())
            await self._end()
        except (asyncio.CancelledError, CancelledError):
            # An operator cancelled it in Temporal: record that, then let Temporal cancel it.
            await self._close(CloseItem(by=MILEPOST, outcome="cancelled"))
            await self._end()
            raise
        return self.process.outcome

    # --- Messages ---------------------------------------------------------------------------------

    @workflow.update
    async def move_deadline(self, command: MoveDeadline) -> Answer:
        """Move a task's due date. The date gets a new revision, and the wait starts again."""
        answer = await self.decide(command)
        await self.after_move()
        return answer

    async def after_move(self) -> None:
        """Tell others of a due date that has moved. By default no one else depends on it."""

    @move_deadline.validator
    def check_move_deadline(self, command: MoveDeadline) -> None:
        """Refuse a move that is not possible."""
        self.admit(command)

    @workflow.signal
    async def close_item(self, command: CloseItem) -> None:
        """Close the item: the engagement ends, or the next cycle is due."""
        await self._close(command)

    @workflow.signal
    def still_there(self) -> None:
        """Let the engagement see that this item still runs. Taking the signal is the answer."""

    @workflow.query
    def progress(self) -> ItemProgress:
        """The whole state, for an operator who inspects the workflow in Temporal."""
        return self.process.progress(self._taken.ids)

    # --- Steps ------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        await wait_until_due(
            self.process.deadlines.next_wake,
            lambda: self.process.is_closed or self._can_begin_anew(),
            summary=f"next deadline of {self.process.item.title}",
        )

    async def _wake(self) -> None:
        async with self._lock:
            woken = self.process.wake(workflow.now())
            if woken is None:
                return
            if woken.only_reminds:
                self._journal.remind(woken.record)
            else:
                await self._journal.write_or_note(woken.record)
                self._show_stage()

    async def _close(self, command: CloseItem) -> None:
        async with self._lock:
            if not self.process.is_closed:
                await self._note(lambda decision: self.process.close_item(command, decision))

    async def _end(self) -> None:
        item = self.process.item
        await self.signal_engagement(
            "item_ended",
            ItemEnded(
                item_id=item.item_id,
                kind=item.kind,
                key=item.key,
                outcome=self.process.outcome,
                at=self.process.closed_at or workflow.now(),
                carried=self.process.carried(),
            ),
        )
        await workflow.wait_condition(self._is_settled)

    async def signal_engagement(self, name: str, message: ItemEnded | ReviewMoved) -> None:
        """Signal the engagement, unless that has ended."""
        engagement = workflow.get_external_workflow_handle(
            engagement_workflow_id(self.process.item.engagement_id)
        )
        try:
            await engagement.signal(name, message)
        except FailureError:
            # The engagement has ended. The item's own record stands.
            workflow.logger.warning("the engagement did not take %s", name)

    def _carried_on(self) -> ItemInput:
        return replace(self.process.item, progress=self.process.progress(self._taken.ids))
