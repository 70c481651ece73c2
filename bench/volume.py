"""``python -m bench.volume``: many reminders due at one instant, against a provider with a limit.

Each is a real item workflow that sleeps until its reminder. The sending window of each engagement
opens at its own moment within the spread (``WorkingCalendar.staggered``). Real: the Temporal
server, the worker process, the database. Fake: SendGrid, which takes so many a second. Reported:
how late each reminder was after its own moment, and how many workflow tasks failed.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

from rich.console import Console
from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.client import Client

import observability
from activities.record import Recorder
from embedded.temporal_server import dies_with_this_process
from ending import run_and_leave
from programmes.calendar import WorkingCalendar, calendar_as_json
from programmes.rules import LadderRule, RungRule, StageRule, StepRule
from storage.database import Database
from storage.migrate import upgrade
from temporal.converter import DATA_CONVERTER
from tests.durability.server import ATTRIBUTES
from tests.fakes.sendgrid import KEY, FakeSendGrid, serving
from tests.notifications.office import IGN, source
from tests.servers import dev_server
from tests.storage.office import Rows
from tests.workflows.stories import calendar, item_input
from workflows.ids import item_workflow_id
from workflows.messages import ItemInput
from workflows.processes.onboarding import OnboardingProcess

ROOT = Path(__file__).parents[1]
QUEUE = "volume"
TARGET_SECONDS = 5.0
AT_THE_START = 30.0
"""Seconds for which a workflow counts as starting: thousands are started in one go."""

AT_ONCE = 20
LADDER = LadderRule((RungRule("early", "-7199s", ("owner",), "reminder"),), "120min")
"""A reminder a second after the opening, which is too early: so it waits for the window."""
STEP = StepRule("hello", StageRule("lead", "120min", "bench"))


@dataclass
class Bench:
    """What is measured: each engagement's own moment, and the workflows."""

    count: int
    spread: timedelta
    instant: datetime
    due: dict[str, datetime] = field(default_factory=dict)
    """Address to the moment at which its reminder is due."""
    workflows: list[str] = field(default_factory=list)

    def calendar_of(self, engagement_id: str) -> WorkingCalendar:
        """A sending window that opens at the instant, and for this one a little later."""
        plain = calendar("ENG", "tour")
        opens = self.instant.astimezone(ZoneInfo(plain.zone)).time().replace(microsecond=0)
        window = replace(
            plain, always_open=False, send_from=opens, send_until=clock(23, 59, 59), non_working=()
        )
        return window.staggered(engagement_id, self.spread)

    def item(self, number: int) -> ItemInput:
        """One onboarding with a reminder in the first moment of the window."""
        return item_input(
            "onboarding",
            "onboarding",
            at=datetime.now(UTC),
            engagement_id=f"eng_{number}",
            item_id=f"itm_{number}",
            by="per_manager",
            calendar=self.calendar_of(f"eng_{number}"),
            ladders={"bench": LADDER},
            onboarding=(STEP,),
        )

    async def furnish(self, database: Database) -> None:
        """The members with their leads and engagements."""
        rows = Rows()
        rows.programme(IGN)
        for table in rows.by_table.values():
            table[0]["source"] = source()
        rows.person("per_manager", "manager")
        for number in range(self.count):
            own = self.calendar_of(f"eng_{number}")
            rows.member(f"mem_{number}")
            rows.contact(f"con_{number}", f"mem_{number}", lead=True)
            rows.engagement(
                f"eng_{number}",
                f"mem_{number}",
                programme_id=IGN,
                manager_id="per_manager",
                calendar=calendar_as_json(own),
                opened_at=self.instant,
            )
            self.due[f"con_{number}@example.org"] = own.send_opening(own.local_date(self.instant))
        async with database.transaction() as session:
            await rows.write(session)

    async def start(self, client: Client, database: Database) -> None:
        """Open every onboarding, as its engagement would, but for the welcome."""
        recorder = Recorder(database)
        side_by_side = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with side_by_side:
                item = self.item(number)
                id = item_workflow_id(item.engagement_id, "onboarding", item.item_id)
                await recorder.record(replace(OnboardingProcess(item).opening(), notices=()))
                await client.start_workflow("Onboarding", item, id=id, task_queue=QUEUE)
            self.workflows.append(id)

        await asyncio.gather(*(one(number) for number in range(self.count)))

    def lateness(self, fake: FakeSendGrid) -> list[float]:
        """Seconds by which each email came after its own moment."""
        return [
            at - self.due[mail.body["personalizations"][0]["to"][0]["email"]].timestamp()
            for mail, at in zip(fake.taken, fake.taken_at, strict=True)
        ]


async def play(asked: argparse.Namespace, address: str, folder: Path) -> int:
    """Start them all before the instant, wait until all are reminded, and report."""
    console = Console(highlight=False, width=120)
    url = f"sqlite+aiosqlite:///{folder}/volume.db"
    await upgrade(url)
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    lead = timedelta(seconds=asked.lead or 20 + asked.count / 12)
    bench = Bench(asked.count, timedelta(seconds=asked.spread), datetime.now(UTC) + lead)
    fake = FakeSendGrid(limit=asked.rate)
    database = Database(url)
    async with serving(fake):
        with _worker(address, url, fake.host, asked.rate, folder):
            await bench.furnish(database)
            await bench.start(client, database)
            ahead = (bench.instant - datetime.now(UTC)).total_seconds()
            console.print(f"{asked.count} wait; {ahead:.0f} s before the instant.")
            if ahead < 5:
                console.print("Too late: give more time with --lead.", style="red")
                return 1
            with contextlib.suppress(TimeoutError):
                patience = ahead + float(asked.spread + asked.patience)
                await asyncio.wait_for(_all_sent(fake, bench.count), patience)
    await database.dispose()
    failures = await _failed_tasks(client, bench.workflows)
    return 0 if report(console, bench, fake, failures) else 1


def report(console: Console, bench: Bench, fake: FakeSendGrid, failures: Mapping[str, int]) -> bool:
    """Print the result. Returns whether every target was met."""
    late = bench.lateness(fake)
    cuts = quantiles(late, n=100)
    span = max(fake.taken_at) - min(fake.taken_at)
    arrived = len(fake.mails())
    doubled = len(late) - arrived
    limited = sum(count for mode, count in fake.modes.items() if mode.startswith("429"))
    console.print(
        f"{arrived} of {bench.count} reminders of one instant, spread over "
        f"{bench.spread.total_seconds():.0f} s, in {span:.0f} s ({len(late) / span:.0f} a second; "
        f"the provider takes {fake.limit} and answered 429 {limited} times); doubled: {doubled}\n"
        f"late by: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s (target ≤ {TARGET_SECONDS:.0f} s), "
        f"at most {max(late):.2f} s; earliest {min(late):.2f} s\n"
        f"workflow tasks that failed: {sum(failures.values())} (target 0)"
        + "".join(f"\n  {cause}: {count}" for cause, count in sorted(failures.items()))
    )
    in_time = arrived == bench.count and cuts[98] <= TARGET_SECONDS
    return in_time and not failures and not doubled


async def _all_sent(fake: FakeSendGrid, count: int) -> None:
    while len(fake.taken) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.2)


async def _failed_tasks(client: Client, ids: list[str]) -> Mapping[str, int]:
    """How many failed, by cause: when, seen from the start, and why."""
    causes: Counter[str] = Counter()
    for id in ids:
        history = await client.get_workflow_handle(id).fetch_history()
        began = history.events[0].event_time.ToDatetime()
        for event in history.events:
            match event.event_type:
                case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                    failed = event.workflow_task_failed_event_attributes
                    cause = WorkflowTaskFailedCause.Name(failed.cause)
                case EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
                    timed_out = event.workflow_task_timed_out_event_attributes
                    cause = TimeoutType.Name(timed_out.timeout_type)
                case _:
                    continue
            after = (event.event_time.ToDatetime() - began).total_seconds()
            causes[f"{cause}, {'at the start' if after < AT_THE_START else 'later'}"] += 1
    return causes


@contextmanager
def _worker(address: str, url: str, host: str, rate: int, folder: Path) -> Iterator[None]:
    """One real worker process, on the fake, at the provider's rate."""
    ready, log_file = folder / "ready", folder / "worker.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker"],
            cwd=ROOT,
            env={
                **os.environ,
                "TEMPORAL_ADDRESS": address,
                "MILEPOST_DATABASE_URL": url,
                "MILEPOST_DATA_DIR": str(folder),
                "MILEPOST_TASK_QUEUE": QUEUE,
                "MILEPOST_READY_FILE": str(ready),
                "MILEPOST_DELIVERY_RATE": str(rate),
                "MILEPOST_SENDER": "sendgrid",
                "MILEPOST_SENDGRID_HOST": host,
                "MILEPOST_SENDGRID_API_KEY": KEY,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_this_process(signal.SIGKILL),
        )
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log_file.read_text()[-4000:])
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Read what is asked, and play it."""
    parser = argparse.ArgumentParser(prog="python -m bench.volume")
    parser.add_argument("--count", type=int, default=2_000, help="reminders of one instant")
    parser.add_argument("--rate", type=int, default=100, help="emails a second at the provider")
    # An eighth of what a programme spreads a morning over, unless it says otherwise. One worker
    # process writes and sends about 15 a second, so a minute would not do.
    parser.add_argument("--spread", type=int, default=240, help="seconds that they are spread over")
    parser.add_argument("--lead", type=int, default=0, help="seconds to start all in; 0: enough")
    parser.add_argument("--patience", type=int, default=120, help="seconds to wait after all that")
    asked = parser.parse_args()
    observability.configure("CRITICAL", "console")
    with tempfile.TemporaryDirectory() as folder, dev_server(ATTRIBUTES) as address:
        sys.exit(asyncio.run(play(asked, address, Path(folder))))


if __name__ == "__main__":
    run_and_leave(main)
