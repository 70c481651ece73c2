"""Where a row is played: a fake SendGrid, the real webhook, real workers, and one database."""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import uvicorn
from pydantic import SecretStr
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from notifications.senders.sendgrid import SendGrid
from settings import Settings
from storage.database import Database, utc_now
from storage.master import create_token
from tests.api.conftest import created
from tests.durability.waiting import until
from tests.fakes.sendgrid import KEY, FakeSendGrid, serving
from tests.fakes.sendgrid_events import Fates
from tests.fakes.sendgrid_faults import Faults
from tests.fakes.sendgrid_webhook import Manners, Signer, Webhook
from tests.faults.couriers import delivering
from tests.faults.office import MANAGER, Planned
from tests.faults.posted import Posted, posted
from tests.faults.tally import Tally, tally
from tests.faults.wave import Order, Wave
from worker import sandbox

PATIENT = 60.0
"""Seconds that the sender waits for an answer: longer than a busy machine takes for one."""
SENDER_PATIENCE = 1.0
"""The same where the fake never answers: its hanging costs no more than this."""
HEARTBEAT = 15.0
ENDS_WITHIN = 300.0


@dataclass(frozen=True)
class Run:
    """One run of a row."""

    seed: int
    count: int
    kills: int = 4
    """How often a worker dies in it, where it does."""


@dataclass
class Stage:
    """What a row acts on."""

    client: Client
    database: Database
    settings: Settings
    fake: FakeSendGrid
    planned: Planned
    office: httpx.AsyncClient
    """How the manager reads what the office knows."""
    waves: list[WorkflowHandle[Wave, None]] = field(default_factory=list)

    @property
    def webhook(self) -> Webhook:
        """Who tells us what became of our emails."""
        assert self.fake.webhook is not None
        return self.fake.webhook

    @property
    def posted(self) -> list[Posted]:
        """Every email that the provider took."""
        return list(posted(self.fake.taken))

    async def _troubles(self) -> set[str]:
        """The notifications that the manager is shown, over all pages."""
        found: set[str] = set()
        page = "/api/v1/me/troubles?limit=200"
        while page:
            answer = await self.office.get(page)
            answer.raise_for_status()
            read = answer.json()
            found |= {one["notification"] for one in read["items"]}
            page = read["next"]
        return found

    async def second_attempts(self) -> int:
        """How many activities were tried more than once, as Temporal's histories have it."""
        return sum(
            [
                event.activity_task_started_event_attributes.attempt > 1
                for wave in self.waves
                async for event in wave.fetch_history_events()
            ]
        )

    async def launch(self, heartbeat: float = HEARTBEAT) -> None:
        """Have everything sent: one workflow an engagement."""
        for records in self.planned.by_engagement:
            self.waves.append(
                await self.client.start_workflow(
                    Wave.run,
                    Order(records, heartbeat),
                    id=f"wave/{uuid.uuid4().hex}",
                    task_queue=self.settings.task_queue,
                )
            )

    async def some_are_sent(self, share: float) -> None:
        """Wait until the fake has seen that share of all emails."""

        async def reached() -> bool:
            return len(self.fake.taken) >= share * self.planned.count

        await until(reached, f"{share:.0%} of all emails are sent", within=ENDS_WITHIN)

    async def result(self) -> Tally:
        """Wait until nothing is under way and every event is told; then count."""
        async with asyncio.timeout(ENDS_WITHIN):
            await asyncio.gather(*(wave.result() for wave in self.waves))
        return await self.count()

    async def count(self) -> Tally:
        """Wait until every event is told; then count."""

        async def told() -> bool:
            return self.webhook.is_idle

        await until(told, "every event is told", within=ENDS_WITHIN)
        counted = await tally(
            self.database, self.planned.count, self.posted, await self._troubles()
        )
        lies = [status for kind, status in self.webhook.answers if kind != "events"]
        if any(not 400 <= status < 500 for status in lies):
            counted = counted.but(f"forged events were answered {sorted(set(lies))}")
        if self.webhook.given_up:
            counted = counted.but(f"{self.webhook.given_up} events were never taken")
        return counted


@asynccontextmanager
async def set_up(
    client: Client,
    url: str,
    run: Run,
    *,
    faults: Faults | None = None,
    fates: Fates | None = None,
    manners: Manners | None = None,
    courier: bool = True,
    clock: Callable[[], datetime] = utc_now,
    patience: float = PATIENT,
) -> AsyncIterator[Stage]:
    """A stage with everything at work; without ``courier`` another process delivers."""
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.dispose)
        signer = Signer(run.seed)
        socket_ = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        served = f"http://127.0.0.1:{socket_.getsockname()[1]}"
        hook = f"{served}/webhooks/sendgrid/events"
        fake = FakeSendGrid(
            faults or Faults(),
            fates or Fates(),
            Webhook(hook, signer, manners or Manners(), run.seed),
            limit=100_000,
        )
        await stack.enter_async_context(serving(fake))
        settings = Settings(
            database_url=url,
            task_queue=f"faults-{uuid.uuid4().hex}",
            sender="sendgrid",
            sendgrid_host=fake.host,
            sendgrid_api_key=SecretStr(KEY),
            sendgrid_webhook_key=signer.public_key,
            mail_timeout=patience,
            # Once a row is counted, the provider has had its time.
            unknown_after=0.0,
        )
        planned = Planned(run.count)
        await planned.furnish(database)
        async with database.transaction() as session:
            token = await create_token(session, MANAGER, utc_now(), holder_id=MANAGER)
        office = httpx.AsyncClient(
            base_url=served, headers={"Authorization": f"Bearer {token.secret}"}, timeout=30
        )
        await stack.enter_async_context(office)
        await stack.enter_async_context(_webhook_served(settings, database, socket_))
        sender = SendGrid(SecretStr(KEY), host=fake.host, timeout=patience, clock=clock)
        stack.push_async_callback(sender.close)
        deciding = Worker(
            client, task_queue=settings.task_queue, workflows=[Wave], workflow_runner=sandbox()
        )
        await stack.enter_async_context(deciding)
        if courier:
            await stack.enter_async_context(delivering(client, database, sender, settings, clock))
        yield Stage(client, database, settings, fake, planned, office)


class _Server(uvicorn.Server):
    """Serves in a process that it does not own, and leaves its signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _webhook_served(
    settings: Settings, database: Database, listening: socket.socket
) -> AsyncIterator[None]:
    """The real application, for its webhook."""
    config = uvicorn.Config(created(settings, database), log_config=None)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
