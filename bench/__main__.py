"""``make bench``: what a year of one engagement costs beside the naive version; what reads cost."""

import asyncio
import json
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bench import reads
from bench.counting import Cost, cost_of, histories
from bench.idle import MONTH, MONTHS, Month, months
from bench.naive import ACTIVITIES
from bench.naive import WORKFLOWS as NAIVE_WORKFLOWS
from programmes.planner import Plan
from settings import Settings
from storage.database import Database
from storage.migrate import upgrade
from tests.servers import time_skipping
from tests.workflows.journey import Deed, Journey
from tests.workflows.office import Engaged, Office, engagement_of, open_office, skip_to
from tests.workflows.stories import LEAD, MANAGER, RESEARCHER, calendar_from, rules
from worker import sandbox
from workflows.ids import (
    SEARCH_ATTRIBUTES,
    engagement_workflow_id,
    item_workflow_id,
    scheduled_item_id,
)
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    AssignRequest,
    DeliverRequest,
    GiveFeedback,
    OpenRequest,
    ReturnDelivery,
)

REQUESTS = 2
"""Research requests in the year; one of them is returned once."""

TARGETS = {"actions": 0.60, "bytes": 0.50}
"""The most that Milepost may cost, as a share of the naive version."""

IDLE_ACTIONS = 1
"""The most that an idle month may cost, beside one action a reminder."""


@asynccontextmanager
async def naive_office(environment: WorkflowEnvironment, url: str) -> AsyncIterator[Office]:
    """The same office, with workers of the naive version."""
    await upgrade(url)
    database = Database(url)
    office = Office(
        environment.client,
        database,
        Settings(database_url=url, task_queue=f"test-{uuid.uuid4().hex}"),
    )
    await office.furnish("ENG", rules().programme)
    async with Worker(
        environment.client,
        task_queue=office.settings.task_queue,
        workflows=NAIVE_WORKFLOWS,
        activities=ACTIVITIES,
        workflow_runner=sandbox(),
    ):
        yield office
    await database.dispose()


class Year(Journey):
    """The planned year, and research requests beside it."""

    def add_requests(self) -> list[str]:
        """Two requests, a month and four months after the onboarding."""
        ids = [f"itm_{number}_{uuid.uuid4().hex[:8]}" for number in range(REQUESTS)]
        for number, item_id in enumerate(ids):
            self._request(item_id, self.planned.onboarded_at + timedelta(days=30 + 90 * number))
        return ids

    def _request(self, item_id: str, begins: datetime) -> None:
        first = item_id.startswith("itm_0")
        steps: list[Callable[[str], object]] = [
            lambda text: AcceptRequest(MANAGER),
            lambda text: AgreeScope(MANAGER, text, "briefing"),
            lambda text: AssignRequest(MANAGER, RESEARCHER),
            lambda text: DeliverRequest(RESEARCHER, text),
            *(
                [
                    lambda text: ReturnDelivery(LEAD, text),
                    lambda text: DeliverRequest(RESEARCHER, text),
                ]
                if first
                else []
            ),
            lambda text: AcceptDelivery(LEAD),
            lambda text: GiveFeedback(LEAD, 5, text),
        ]

        async def submit(engaged: Engaged) -> None:
            text = await engaged.office.text()
            await engaged.command(OpenRequest(LEAD, item_id, text, "good-jobs"))

        self.deeds.append(Deed(begins, submit))
        for number, step in enumerate(steps, start=1):

            async def act(engaged: Engaged, step: Callable[[str], object] = step) -> None:
                text = await engaged.office.text()
                await engaged.item_command("research", item_id, step(text))

            self.deeds.append(Deed(begins + timedelta(days=3 * number), act))


async def year(environment: WorkflowEnvironment, office: Office) -> Cost:
    """A full year: onboarding, two requests, the advice cycles, three reviews, completed."""
    start = (await environment.get_current_time()).date() + timedelta(days=7)
    engaged = await office.start(engagement_of("ENG", start))
    journey = Year(start, calendar_from(start))
    requests = journey.add_requests()
    await journey.live(environment, engaged)
    return await _cost(office, _ids(engaged, journey.planned, requests))


async def idle(environment: WorkflowEnvironment, office: Office) -> list[Month]:
    """The twelve months after the onboarding of a member who then does nothing."""
    start = (await environment.get_current_time()).date() + timedelta(days=7)
    engaged = await office.start(engagement_of("ENG", start))
    journey = Journey(start, calendar_from(start))
    planned = journey.planned
    journey.deeds = [deed for deed in journey.deeds if deed.at <= planned.onboarded_at]
    await journey.live(environment, engaged)
    await skip_to(environment, planned.onboarded_at + MONTH * (MONTHS + 1))
    kept = [one async for one in histories(office.client, await _known(engaged))]
    # The first evening belongs to the onboarding, whose emails wait for the morning.
    return months(kept, planned.onboarded_at + timedelta(days=1))


def _ids(engaged: Engaged, planned: Plan, requests: Iterable[str]) -> list[str]:
    items = [
        item_workflow_id(engaged.id, item.kind, scheduled_item_id(engaged.id, item.kind, item.key))
        for item in planned.items
    ]
    research = [item_workflow_id(engaged.id, "research", one) for one in requests]
    return [engagement_workflow_id(engaged.id), *items, *research]


async def _known(engaged: Engaged) -> list[str]:
    rows = await engaged.rows("items")
    items = [item_workflow_id(engaged.id, row["kind"], str(row["id"])) for row in rows]  # type: ignore[arg-type]
    return [engagement_workflow_id(engaged.id), *items]


async def _cost(office: Office, ids: Iterable[str]) -> Cost:
    total = Cost()
    async for history in histories(office.client, ids):
        total.add(cost_of(history.events))
    return total


async def main() -> int:
    """Play the year twice, time the reads, print the tables. ``--json`` prints the figures alone.

    Returns the exit code: 1 where a target is missed, which standard error names.
    """
    attributes = {one.name: "Keyword" for one in SEARCH_ATTRIBUTES}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours_at = await stack.enter_async_context(time_skipping(attributes))
        office = await stack.enter_async_context(
            open_office(ours_at.client, f"sqlite+aiosqlite:///{folder}/ours.db")
        )
        ours = await year(ours_at, office)
        spent = await idle(ours_at, office)
        naive_at = await stack.enter_async_context(time_skipping(attributes))
        naive = await year(
            naive_at,
            await stack.enter_async_context(
                naive_office(naive_at, f"sqlite+aiosqlite:///{folder}/naive.db")
            ),
        )
    timed = await reads.measured()
    if "--json" in sys.argv:
        print(
            json.dumps(
                {
                    "ours": asdict(ours),
                    "naive": asdict(naive),
                    "idle": [asdict(month) for month in spent],
                    "reads": {read.name: read.share(timed[0]) for read in timed},
                }
            )
        )
    else:
        show(ours, naive)
        show_idle(spent)
        reads.show(timed)
    over = missed(ours, naive, spent)
    for sentence in over:
        print(sentence, file=sys.stderr)
    return 1 if over else 0


def missed(ours: Cost, naive: Cost, spent: list[Month]) -> list[str]:
    """Each target that is missed, in a sentence."""
    ratios = {"actions": ours.actions / naive.actions, "bytes": ours.size / naive.size}
    return [
        f"{name}: {ratio:.2f} of the naive version's, and {TARGETS[name]:.2f} is the most."
        for name, ratio in ratios.items()
        if ratio > TARGETS[name]
    ] + [
        f"Month {number}, in which nothing opens: {month.actions} actions, and {most} is the most."
        for number, month in enumerate(spent, start=1)
        if not month.openings and month.actions > (most := IDLE_ACTIONS + month.reminders)
    ]


def show(ours: Cost, naive: Cost) -> None:
    """The table, with the target beside each ratio."""
    table = Table(title="Twelve months of one engagement")
    for column in ("", "Milepost", "naive", "ratio", "target"):
        table.add_column(column, justify="left" if not column else "right")
    for name, mine, other in (
        ("actions", ours.actions, naive.actions),
        ("events", ours.events, naive.events),
        ("bytes", ours.size, naive.size),
        ("workflows", ours.workflows, naive.workflows),
    ):
        target = TARGETS.get(name)
        table.add_row(
            name,
            f"{mine:,}",
            f"{other:,}",
            f"{mine / other:.2f}",
            f"≤ {target:.2f}" if target else "",
        )
    for kind in sorted({*ours.by_kind, *naive.by_kind}):
        table.add_row(
            f"  {kind}", str(ours.by_kind.get(kind, 0)), str(naive.by_kind.get(kind, 0)), "", ""
        )
    Console().print(table)


def show_idle(spent: list[Month]) -> None:
    """Month by month, and what a quiet one costs."""
    table = Table(title="A member who does nothing after the onboarding")
    for column in ("month", "items opened", "reminders", "actions"):
        table.add_column(column, justify="right")
    for number, month in enumerate(spent, start=1):
        table.add_row(str(number), str(month.openings), str(month.reminders), str(month.actions))
    console = Console()
    console.print(table)
    quiet = [month.actions for month in spent if month.is_quiet]
    waiting = [month for month in spent if not month.openings and month.reminders]
    if quiet:
        console.print(
            f"A quiet month costs {max(quiet)} actions at most (target ≤ {IDLE_ACTIONS})."
        )
    if waiting:
        each = sum(m.actions for m in waiting) / sum(m.reminders for m in waiting)
        console.print(
            f"In months in which only reminders go out, each costs {each:.2f} actions: the timer "
            "that wakes and the activity that writes and sends (target of a month in which nothing "
            f"opens: {IDLE_ACTIONS}, and 1 a reminder)."
        )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
