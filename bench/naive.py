"""The same processes the naive way: an activity a step, a timer a rung.

Everything that is decided is the same, since the same pure processes decide it, and what people
see in the end is the same too. What differs is how it is carried. Each fact, each change of the
read model, each email to one role and its line on the ledger are activities of their own.
Every rung of every deadline has a timer from the moment that the deadline opens.
The activities do nothing: what is counted is what Temporal keeps and bills.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from programmes.facts import EngagementState, Fact, ItemState, Notice, Record, TaskState
    from workflows.messages import EngagementInput, ItemInput
    from workflows.processes.process import Process

from workflows.advice_cycle import AdviceCycle
from workflows.engagement import Engagement
from workflows.item import ItemWorkflow
from workflows.journal import Journal
from workflows.onboarding import Onboarding
from workflows.research_request import ResearchRequest
from workflows.review_milestone import ReviewMilestone

ATTEMPT = timedelta(seconds=10)
RETRY = RetryPolicy()


@activity.defn
async def append_event(engagement_id: str, item_id: str, fact: Fact) -> None:
    """Where the naive version writes one event."""


@activity.defn
async def update_status(engagement_id: str, item_id: str, state: ItemState | None) -> None:
    """Where the naive version updates the status of an item."""


@activity.defn
async def update_engagement(engagement_id: str, state: EngagementState) -> None:
    """Where the naive version updates the status of an engagement."""


@activity.defn
async def update_tasks(engagement_id: str, item_id: str, tasks: tuple[TaskState, ...]) -> None:
    """Where the naive version writes who has to do what."""


@activity.defn
async def send_email(engagement_id: str, item_id: str, to: str, notice: Notice) -> None:
    """Where the naive version sends one email."""


@activity.defn
async def log_email(engagement_id: str, item_id: str, to: str, kind: str, rung: str) -> None:
    """Where the naive version notes that it was sent."""


ACTIVITIES: list[Callable[..., Any]] = [
    append_event,
    update_status,
    update_engagement,
    update_tasks,
    send_email,
    log_email,
]


class NaiveJournal(Journal):
    """An activity a step."""

    async def write(self, record: Record) -> None:
        """Every fact, every status, every email: one activity each."""
        about = (record.engagement_id, record.item_id)
        for fact in record.facts:
            await _step(append_event, *about, fact)
        if record.item is not None:
            await _step(update_status, *about, record.item)
        if record.engagement is not None:
            await _step(update_engagement, record.engagement_id, record.engagement)
        if record.tasks is not None:
            await _step(update_tasks, *about, record.tasks)
        for notice in record.notices:
            self._start(self._send(about, notice))

    def remind(self, record: Record) -> None:
        """A rung is written and sent like everything else."""
        self._start(self.write(record))

    async def _send(self, about: tuple[str, str], notice: Notice) -> None:
        if notice.not_before is not None and notice.not_before > workflow.now():
            await workflow.sleep(notice.not_before - workflow.now())
        for to in notice.to:
            await _step(send_email, *about, to, notice)
            await _step(log_email, *about, to, notice.kind, notice.rung)


async def _step(step: Any, *values: Any) -> None:
    await workflow.execute_activity(
        step, args=values, start_to_close_timeout=ATTEMPT, retry_policy=RETRY
    )


class NaiveWaiting(ItemWorkflow[Process]):
    """A timer a rung: set when the deadline opens, gone when it closes."""

    def _be_naive(self) -> None:
        self._journal = NaiveJournal()
        self._timers: dict[tuple[str, int, str], asyncio.Task[None]] = {}

    async def _wait(self) -> None:
        while not self.process.is_closed:
            self._set_timers()
            due = self.process.deadlines.next_wake()
            if due is not None and due <= workflow.now():
                return
            await workflow.wait_condition(self._stirred)

    def _stirred(self) -> bool:
        due = self.process.deadlines.next_wake()
        return (
            self.process.is_closed
            or (due is not None and due <= workflow.now())
            or {key for key, _ in self._wanted()} != set(self._timers)
        )

    def _wanted(self) -> list[tuple[tuple[str, int, str], datetime]]:
        wanted = []
        for deadline in self.process.deadlines.open.values():
            instants = [(rung.name, rung.at) for rung in deadline.ahead]
            instants.append(("end", deadline.ends_at))
            wanted += [
                ((deadline.key, deadline.revision, name), at)
                for name, at in instants
                if at > workflow.now()
            ]
        return wanted

    def _set_timers(self) -> None:
        wanted = dict(self._wanted())
        for key, at in wanted.items():
            if key not in self._timers:
                self._timers[key] = asyncio.create_task(workflow.sleep(at - workflow.now()))
        for key in set(self._timers) - set(wanted):
            self._timers.pop(key).cancel()


@workflow.defn(name="Onboarding")
class NaiveOnboarding(NaiveWaiting, Onboarding):
    """Onboarding, naively."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        Onboarding.__init__(self, item)
        self._be_naive()

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed."""
        return await self.run_to_end()


@workflow.defn(name="ResearchRequest")
class NaiveResearchRequest(NaiveWaiting, ResearchRequest):
    """A research request, naively."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        ResearchRequest.__init__(self, item)
        self._be_naive()

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed."""
        return await self.run_to_end()


@workflow.defn(name="AdviceCycle")
class NaiveAdviceCycle(NaiveWaiting, AdviceCycle):
    """An advice cycle, naively."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        AdviceCycle.__init__(self, item)
        self._be_naive()

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed."""
        return await self.run_to_end()


@workflow.defn(name="ReviewMilestone")
class NaiveReviewMilestone(NaiveWaiting, ReviewMilestone):
    """A review milestone, naively."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        ReviewMilestone.__init__(self, item)
        self._be_naive()

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed."""
        return await self.run_to_end()


@workflow.defn(name="Engagement")
class NaiveEngagement(Engagement):
    """An engagement, naively."""

    @workflow.init
    def __init__(self, engagement: EngagementInput) -> None:
        super().__init__(engagement)
        self._journal = NaiveJournal()

    @workflow.run
    async def run(self, engagement: EngagementInput) -> str:
        """Run until it is completed or withdrawn."""
        return await Engagement.run(self, engagement)


WORKFLOWS = [
    NaiveEngagement,
    NaiveOnboarding,
    NaiveResearchRequest,
    NaiveAdviceCycle,
    NaiveReviewMilestone,
]
