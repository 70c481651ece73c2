"""A run of summaries over its days, on a server that skips them: no wait holds up another."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
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

QUEUE = "waits"
DAY = timedelta(days=1)


@dataclass
class Backend:
    """Activities that say how long each summary has to wait, and note when they were asked."""

    planned: list[str]
    sent: dict[str, datetime] = field(default_factory=dict)
    withheld: dict[str, datetime] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @activity.defn(name=PLAN_DIGESTS)
    async def plan(self, of: DigestPlan) -> list[str]:
        return self.planned

    @activity.defn(name=SEND_DIGEST)
    async def send(self, id: str) -> float | None:
        how, again = id.split(" ")[0], id in self.asked
        self.asked.add(id)
        if how == "refused":
            raise ApplicationError("the provider is down", next_retry_delay=DAY)
        if how == "quiet" and not again:
            return (2 * DAY).total_seconds()
        if how == "far":
            return (6 * DAY).total_seconds()
        self.sent[id] = _now()
        return None

    @activity.defn(name=WITHHOLD_DIGEST)
    async def withhold(self, id: str) -> None:
        self.withheld[id] = _now()

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.plan, self.send, self.withhold]


def _now() -> datetime:
    return activity.info().current_attempt_scheduled_time.astimezone(UTC)


async def run(
    skipping: WorkflowEnvironment, backend: Backend
) -> tuple[DigestRun, datetime, datetime]:
    """The run's result, its begin and its end by the server's clock."""
    deciding = Worker(
        skipping.client, task_queue=QUEUE, workflows=[Digest], workflow_runner=sandbox()
    )
    delivering = Worker(
        skipping.client, task_queue=QUEUE + DELIVERY_QUEUE_SUFFIX, activities=backend.activities
    )
    async with deciding, delivering:
        handle = await skipping.client.start_workflow(
            Digest.run, DigestInput("p", "manager"), id="digest/p/manager", task_queue=QUEUE
        )
        result = await handle.result()
        described = await handle.describe()
    assert described.close_time is not None
    return result, described.start_time, described.close_time


async def test_summaries_that_wait_for_days_delay_no_other(skipping: WorkflowEnvironment) -> None:
    quiet = [f"quiet {n}" for n in range(policies.DIGESTS_AT_ONCE + 10)]
    backend = Backend([*quiet, "ready 1", "ready 2"])
    result, began, _ended = await run(skipping, backend)
    assert result == DigestRun(len(backend.planned), len(backend.planned))
    assert all(backend.sent[id] - began < timedelta(hours=1) for id in ("ready 1", "ready 2"))
    assert all(2 * DAY <= backend.sent[id] - began < 3 * DAY for id in quiet)


async def test_whose_next_day_is_too_late_is_withheld_at_once(
    skipping: WorkflowEnvironment,
) -> None:
    backend = Backend(["far 1", "ready 1"])
    result, began, ended = await run(skipping, backend)
    assert result == DigestRun(2, 1)
    assert set(backend.withheld) == {"far 1"}
    assert ended - began < timedelta(hours=1)


async def test_a_run_ends_before_the_next_one_is_due_and_leaves_nothing_reserved(
    skipping: WorkflowEnvironment,
) -> None:
    # More than are tried together: those that never got a turn are withheld as well.
    refused = [f"refused {n}" for n in range(policies.DIGESTS_AT_ONCE + 5)]
    backend = Backend([*refused, "quiet 1"])
    result, began, ended = await run(skipping, backend)
    assert result.handed_over == 0
    assert set(backend.withheld) == set(backend.planned)
    assert ended - began < 7 * DAY
