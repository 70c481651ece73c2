"""The engagement: one durable workflow per member and programme, from welcome to last review."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from temporalio import workflow
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import CancelledError, FailureError, WorkflowAlreadyStartedError

from programmes.facts import MILEPOST, Record
from programmes.rules import ItemKind
from workflows import ids, policies
from workflows.advice_cycle import AdviceCycle
from workflows.deciding import DecidingWorkflow, takes
from workflows.ids import item_workflow_id
from workflows.item import ItemWorkflow
from workflows.journal import wait_until_due
from workflows.messages import (
    Answer,
    CloseItem,
    Complete,
    EngagementInput,
    EngagementProgress,
    ItemEnded,
    ItemInput,
    MoveReview,
    OpenRequest,
    ReviewMoved,
    Start,
    Withdraw,
)
from workflows.onboarding import Onboarding
from workflows.processes.advice_cycle import AdviceCycleProcess
from workflows.processes.engagement import EngagementProcess
from workflows.processes.engagement_plan import Opening
from workflows.processes.onboarding import OnboardingProcess
from workflows.processes.process import Process
from workflows.processes.research_request import ResearchRequestProcess
from workflows.processes.review_milestone import ReviewMilestoneProcess
from workflows.research_request import ResearchRequest
from workflows.review_milestone import ReviewMilestone

ITEMS: dict[ItemKind, tuple[type[Process], type[ItemWorkflow[Any]]]] = {
    "onboarding": (OnboardingProcess, Onboarding),
    "research": (ResearchRequestProcess, ResearchRequest),
    "advice": (AdviceCycleProcess, AdviceCycle),
    "review": (ReviewMilestoneProcess, ReviewMilestone),
}


@workflow.defn(name="Engagement")
@takes(MoveReview, Withdraw, Complete)
class Engagement(DecidingWorkflow[EngagementProcess]):
    """Opens items when the plan says so, takes commands, and waits on one timer at a time."""

    @workflow.init
    def __init__(self, engagement: EngagementInput) -> None:
        progress = engagement.progress
        super().__init__(EngagementProcess(engagement), progress.processed if progress else ())
        self._losing: set[asyncio.Task[None]] = set()

    @workflow.run
    async def run(self, engagement: EngagementInput) -> str:
        """Run until the engagement is completed or withdrawn. Returns which."""
        try:
            await self._undivided(self._open)
            if engagement.progress is not None:
                await self._look_for_lost()
            while not self.process.is_closed:
                await self._wait()
                if self._can_begin_anew():
                    self._begin_anew(self._carried_on())
                await self._undivided(self._open_what_is_due)
            await self._end(self.process.stage)
        except (asyncio.CancelledError, CancelledError):
            # An operator cancelled it in Temporal: record that, and end its items, which would wait
            # for ever.
            await self._undivided(self._cancel)
            await self._end("cancelled")
            raise
        return self.process.stage

    # --- Messages ---------------------------------------------------------------------------------

    @workflow.update
    async def start(self, command: Start) -> Answer:
        """Open the engagement. Answers once the opening is recorded; a repeat answers at once."""
        async with self._lock:
            await self._open()
            await self._open_what_is_due()
            return self._answer()

    @workflow.update
    async def open_request(self, command: OpenRequest) -> Answer:
        """Open a member's research request. Answers once it is recorded."""
        async with self._lock:
            if not self._taken.has_current():
                self.process.may_open_request(command, workflow.now())
                before = self.process.progress(())
                item = self.process.open_request(command, workflow.now())
                await self._write_or_restore(self._opening_of(item), before)
                self._taken.add_current()
                await self._start_item(item)
            return Answer(command.item_id, "triage", 1)

    @open_request.validator
    def check_open_request(self, command: OpenRequest) -> None:
        """Refuse a request that cannot be opened."""
        self.admit(command)

    @workflow.signal
    async def item_ended(self, ended: ItemEnded) -> None:
        """Take the report that an item has closed."""
        async with self._lock:
            decision = self.process.item_ended(ended)
            if decision is not None:
                await self._note(decision)

    @workflow.signal
    async def review_moved(self, moved: ReviewMoved) -> None:
        """Take the new date of an open review."""
        async with self._lock:
            decision = None if self.process.is_closed else self.process.review_moved(moved)
            if decision is not None:
                await self._note(decision)

    @workflow.query
    def progress(self) -> EngagementProgress:
        """The whole state, for an operator who inspects the workflow in Temporal."""
        return self.process.progress(self._taken.ids)

    # --- Steps ------------------------------------------------------------------------------------

    async def _open(self) -> None:
        if not self.process.is_open:
            before = self.process.progress(())
            await self._write_or_restore(self.process.opening(workflow.now()), before)

    async def _undivided(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step of ``run`` with the lock held. A cancellation waits for the step to end, so
        that no decision is lost half-way."""

        async def locked() -> None:
            async with self._lock:
                await step()

        await asyncio.shield(locked())

    async def _cancel(self) -> None:
        if not self.process.is_closed:
            await self._note(self.process.cancel)

    async def _wait(self) -> None:
        await wait_until_due(
            self.process.next_opening,
            lambda: self.process.is_closed or self._can_begin_anew(),
            summary="next item of the plan",
        )

    async def _open_what_is_due(self) -> None:
        for opening in self.process.upcoming():
            if opening.at <= workflow.now():
                await self._open_planned(opening)

    async def _open_planned(self, opening: Opening) -> None:
        running = self.process.open_advice() if opening.kind == "advice" else ""
        if running:
            # The open cycle hands on its actions and ends. Then the next cycle opens.
            self.process.rolling_over = running
            await self._close_item(running, "rolled_over", MILEPOST)
            return
        item = self.process.open_planned(opening, workflow.now())
        if opening.kind == "advice":
            await self._note(self.process.cycle_opened)
        await self._journal.write_or_note(self._opening_of(item))
        await self._start_item(item)

    async def _start_item(self, item: ItemInput) -> None:
        try:
            child = await workflow.start_child_workflow(
                ITEMS[item.kind][1].__name__,
                item,
                id=item_workflow_id(item.engagement_id, item.kind, item.item_id),
                # After an operator's reset, an item that has ended must not open again.
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=self._search_attributes(item.kind),
                static_summary=f"{item.title}, {self.process.rules.programme}",
            )
            # An item reports its end by signal, but not if it was terminated or failed.
            child.add_done_callback(lambda ended: self._child_ended(item.item_id, ended))
        except WorkflowAlreadyStartedError:
            # An earlier run of this engagement started the item under the same id.
            workflow.logger.info("item %s was opened before", item.item_id)
            await self._let_restate(item.item_id)

    async def _let_restate(self, item_id: str) -> None:
        """Let an item of an earlier run record its own state: its opening was just written again,
        with the dates of now."""
        item = self._item(item_id)
        try:
            if item is not None:
                await item.signal("restate")
        except FailureError:
            workflow.logger.info("item %s has ended", item_id)

    def _opening_of(self, item: ItemInput) -> Record:
        return ITEMS[item.kind][0](item).opening()

    def _child_ended(self, item_id: str, ended: "asyncio.Task[Any]") -> None:
        if ended.cancelled() or ended.exception() is not None:
            self._start_to_lose(item_id)

    def _start_to_lose(self, item_id: str) -> None:
        losing = asyncio.create_task(self._lose(item_id))
        self._losing.add(losing)
        losing.add_done_callback(self._losing.discard)

    async def _lose(self, item_id: str) -> None:
        """Close the read model of an item that an operator ended, and continue without it."""
        async with self._lock:
            if item_id not in self.process.items:
                return
            await self._journal.write_or_note(self.process.last_word(item_id, workflow.now()))
            decision = self.process.item_lost(item_id, workflow.now())
            if decision is not None:
                await self._note(decision)

    async def _look_for_lost(self) -> None:
        """Signal the items of an earlier run, which are not this run's children, to find lost
        ones."""
        for item_id in list(self.process.items):
            item = self._item(item_id)
            try:
                if item is not None:
                    await item.signal("still_there")
            except FailureError:
                await self._lose(item_id)

    async def _end(self, outcome: str) -> None:
        for item_id in list(self.process.items):
            await self._close_item(item_id, outcome, MILEPOST)
        try:
            # Never wait here without a timeout: an item that an operator terminated does not
            # report.
            await workflow.wait_condition(
                lambda: not self.process.items, timeout=policies.CLOSING_GRACE
            )
        except TimeoutError:
            workflow.logger.warning("%d items did not report their end", len(self.process.items))
        await workflow.wait_condition(self._is_settled)

    async def _close_item(self, item_id: str, outcome: str, by: str) -> None:
        item = self._item(item_id)
        if item is None:
            # The item reported its end while another item was being closed.
            return
        try:
            await item.signal("close_item", CloseItem(by, outcome, self.process.reason))
        except FailureError:
            self._start_to_lose(item_id)

    def _item(self, item_id: str) -> workflow.ExternalWorkflowHandle[Any] | None:
        name = self.process.items.get(item_id)
        if name is None:
            return None
        kind = cast(ItemKind, name.split(":", 1)[0])
        return workflow.get_external_workflow_handle(
            item_workflow_id(self.process.input.engagement_id, kind, item_id)
        )

    def _search_attributes(self, kind: str) -> TypedSearchAttributes:
        return TypedSearchAttributes(
            [
                SearchAttributePair(ids.PROGRAMME, self.process.rules.programme),
                SearchAttributePair(ids.MEMBER, self.process.input.member_id),
                SearchAttributePair(ids.KIND, kind),
            ]
        )

    def _is_settled(self) -> bool:
        return super()._is_settled() and not self._losing

    def _carried_on(self) -> EngagementInput:
        return replace(self.process.input, progress=self.process.progress(self._taken.ids))
