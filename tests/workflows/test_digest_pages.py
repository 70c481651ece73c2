"""Summaries of many recipients: one page a run, and what has to wait in another round."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.inputs import (
    DELIVERY_QUEUE_SUFFIX,
    PLAN_DIGESTS,
    SEND_DIGEST,
    WITHHOLD_DIGEST,
    DigestInput,
    DigestPlan,
    DigestRun,
)
from worker import sandbox
from workflows import policies
from workflows.digest import Digest

pytestmark = pytest.mark.time_skipping

QUEUE = "pages"
DAY = timedelta(days=1)


@dataclass
class Ledger:
    """A ledger of summaries. Each says in its name what becomes of it."""

    ids: list[str]
    plans: list[DigestPlan] = field(default_factory=list)
    sent: dict[str, datetime] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    tried: Counter[str] = field(default_factory=Counter)

    @activity.defn(name=PLAN_DIGESTS)
    async def plan(self, of: DigestPlan) -> list[str]:
        self.plans.append(of)
        left = [id for id in self.ids if id > of.after]
        if of.unsent:
            past = {*self.sent, *self.withheld}
            past |= {id for id, until in self.waiting.items() if until > _now()}
            left = [id for id in left if id not in past]
        return left[: of.limit]

    @activity.defn(name=SEND_DIGEST)
    async def send(self, id: str) -> float | None:
        self.tried[id] += 1
        how = id.partition(" ")[2]
        if how == "refused":
            raise ApplicationError(
                "the provider is down",
                next_retry_delay=timedelta(minutes=59),
                category=ApplicationErrorCategory.BENIGN,
            )
        waits = self.plans[0].at + 2 * DAY - _now()
        if how == "quiet" and waits > timedelta():
            self.waiting[id] = _now() + waits
            return waits.total_seconds()
        self.sent[id] = _now()
        return None

    @activity.defn(name=WITHHOLD_DIGEST)
    async def withhold(self, id: str) -> None:
        self.withheld.add(id)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.plan, self.send, self.withhold]


def _now() -> datetime:
    return activity.info().current_attempt_scheduled_time.astimezone(UTC)


async def run(
    skipping: WorkflowEnvironment, ledger: Ledger, page: int
) -> tuple[DigestRun, list[WorkflowHandle[Any, Any]]]:
    """The result, and a handle of each of its runs."""
    deciding = Worker(
        skipping.client, task_queue=QUEUE, workflows=[Digest], workflow_runner=sandbox()
    )
    delivering = Worker(
        skipping.client, task_queue=QUEUE + DELIVERY_QUEUE_SUFFIX, activities=ledger.activities
    )
    async with deciding, delivering:
        first = await skipping.client.start_workflow(
            Digest.run, DigestInput("p", "member", page=page), id="digest/p/member",
            task_queue=QUEUE,
        )  # fmt: skip
        result = await first.result()
        runs, next_run = [], first.result_run_id
        while next_run:
            handle = skipping.client.get_workflow_handle(first.id, run_id=next_run)
            runs.append(handle)
            last = [event async for event in handle.fetch_history_events()][-1]
            going_on = last.workflow_execution_continued_as_new_event_attributes
            next_run = going_on.new_execution_run_id
    return result, runs


async def test_each_run_sends_one_page_and_continues_as_new_with_the_next(
    skipping: WorkflowEnvironment,
) -> None:
    ledger = Ledger([f"{n:03} ready" for n in range(23)])
    result, runs = await run(skipping, ledger, page=5)
    assert result == DigestRun(23, 23)
    assert set(ledger.tried.values()) == {1}
    assert [plan.after for plan in ledger.plans] == ["", *ledger.ids[4::5]]
    assert len({plan.at for plan in ledger.plans}) == 1
    lengths = [len([event async for event in one.fetch_history_events()]) for one in runs]
    assert len(lengths) == 5
    assert max(lengths) < 60


async def test_a_last_page_that_is_full_is_followed_by_an_empty_one(
    skipping: WorkflowEnvironment,
) -> None:
    ledger = Ledger([f"{n:03} ready" for n in range(10)])
    result, runs = await run(skipping, ledger, page=5)
    assert (result, len(runs)) == (DigestRun(10, 10), 3)


async def test_what_waits_for_days_is_sent_in_a_later_round_and_delays_no_page(
    skipping: WorkflowEnvironment,
) -> None:
    names = ["quiet", "ready", "refused", "ready", "ready"]
    ledger = Ledger([f"{n:03} {names[n % 5]}" for n in range(10)])
    result, _ = await run(skipping, ledger, page=5)
    began = ledger.plans[0].at
    ready = [id for id in ledger.ids if id.endswith("ready")]
    quiet = [id for id in ledger.ids if id.endswith("quiet")]
    assert all(ledger.sent[id] - began < DAY for id in ready)
    assert all(2 * DAY <= ledger.sent[id] - began < 3 * DAY for id in quiet)
    assert {ledger.tried[id] for id in ready} == {1}
    assert {ledger.tried[id] for id in quiet} == {2}
    # What was never accepted is withheld before the next week's run begins.
    assert ledger.withheld == {id for id in ledger.ids if id.endswith("refused")}
    assert result == DigestRun(10, 8)
    assert ledger.plans[-1].at == began
    assert policies.DIGEST_TRY < DAY
