"""The worker process: runs the workflows and their activities."""

import gc

gc.disable()  # An import leaves little garbage, and looking for it takes a tenth of the start.

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
import uvloop
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import observability
from activities.deliver import Courier
from activities.digest import DigestDesk
from activities.inputs import DELIVERY_QUEUE_SUFFIX
from activities.record import ATTEMPT, PATIENCE, Recorder
from ending import run_and_leave
from notifications.inbound.address import reply_addresses
from notifications.senders import Sender, sender_for
from notifications.senders.measured import Measured
from settings import Settings
from settings import settings as read_settings
from storage.database import Database, utc_now
from storage.migrate import current, is_newer, newest
from temporal.connection import connect
from temporal.converter import converter_with
from temporal.metrics import answer_counter, runtime_at
from temporal.summaries import Summaries
from workflows.registry import WORKFLOWS

if TYPE_CHECKING:
    from temporal.tracing import Tracing

gc.enable()

GRACE = timedelta(seconds=10)
"""How long running activities may take once the worker is asked to stop."""

ASK_AGAIN = (1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts to connect. The last one repeats."""

PURE_MODULES = ("programmes", "activities.inputs", "workflows", "pydantic", "pydantic_core")
"""Shared with the sandbox instead of imported again for each workflow. They hold no state."""

log = structlog.get_logger("milepost.worker")


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox that workflows run in. It shares pure modules, which makes a start cheaper."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PURE_MODULES)
    )


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """The build of the workflows' worker, if it has one. What begins on it stays on it, until it
    continues as new."""
    if not settings.build:
        return None
    return WorkerDeploymentConfig(
        WorkerDeploymentVersion(deployment_name=settings.task_queue, build_id=settings.build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def build_workers(
    client: Client,
    database: Database,
    sender: Sender,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> tuple[Worker, Worker]:
    """The worker of the workflows and their records, and the worker of the deliveries.

    ``clock`` dates what the activities write. Tests pass the time-skipping server's clock.
    """
    recorder = Recorder(database, clock, patience=PATIENCE, attempt=ATTEMPT)
    replies = reply_addresses(settings.inbound_secret, settings.inbound_domain)
    secret = settings.secret.get_secret_value()
    courier = Courier(database, sender, settings, clock, replies, secret)
    digests = DigestDesk(database, sender, settings, secret, clock)
    deciding = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[recorder.record],
        workflow_runner=sandbox(),
        deployment_config=deployment(settings),
        graceful_shutdown_timeout=GRACE,
    )
    # It belongs to no build: the newest code sends the emails of every build.
    delivering = Worker(
        client,
        task_queue=settings.task_queue + DELIVERY_QUEUE_SUFFIX,
        activities=[
            *(courier.deliver, courier.remind, courier.redeliver),
            *(digests.plan_digests, digests.send_digest, digests.withhold_digest),
        ],
        # The server enforces it over all workers of the queue.
        max_task_queue_activities_per_second=settings.delivery_rate,
        graceful_shutdown_timeout=GRACE,
    )
    return deciding, delivering


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Running activities then get ``GRACE`` to finish."""
    database = Database(settings.database_url)
    runtime = _runtime(settings)
    tracing = _tracing(settings)
    sender = sender_for(settings, database)
    count = answer_counter(runtime.metric_meter, sender.name)
    sender = Measured(sender, count, tracing.sending if tracing else None)
    options = {
        "data_converter": converter_with(settings.payload_key_bytes),
        "interceptors": [tracing.interceptor] if tracing else [],
        "runtime": runtime,
    }
    try:
        client = await _reach(settings, options, stop)
        if client is not None:
            workers = build_workers(client, database, sender, settings)
            if is_newer(await current(database)):
                # The workers of a newer build send the emails. This one finishes its workflows.
                await _serve(workers[:1], settings, stop)
            else:
                async with Summaries(client, database, settings.task_queue, utc_now).at_work():
                    await _serve(workers, settings, stop)
    finally:
        await sender.close()
        # An SQLite engine that is not disposed keeps the process alive.
        await database.dispose()
        if tracing:
            await asyncio.to_thread(tracing.close)


def _runtime(settings: Settings) -> Runtime:
    if not settings.worker_metrics:
        return Runtime.default()
    try:
        return runtime_at(settings.worker_metrics)
    except ValueError as problem:
        raise SystemExit(f"MILEPOST_WORKER_METRICS: {problem}") from None


def _tracing(settings: Settings) -> "Tracing | None":
    if not settings.traces:
        return None
    from temporal.tracing import Tracing  # an office that traces nothing need not import it

    return Tracing(settings.traces, "milepost-worker")


async def _serve(workers: tuple[Worker, ...], settings: Settings, stop: asyncio.Event) -> None:
    serving = [asyncio.create_task(worker.run()) for worker in workers]
    stopping = asyncio.create_task(stop.wait())
    log.info("worker.serving", task_queues=[worker.task_queue for worker in workers])
    if settings.ready_file is not None:
        settings.ready_file.touch()
    try:
        await asyncio.wait([*serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        log.info("worker.stopping")
    finally:
        stopping.cancel()
        if settings.ready_file is not None:
            settings.ready_file.unlink(missing_ok=True)  # a health check must be able to fail
        # A worker that failed has nothing to shut down. The next line raises its error.
        await asyncio.gather(*(worker.shutdown() for worker in workers), return_exceptions=True)
        await asyncio.gather(*serving)
    log.info("worker.stopped")


async def _reach(
    settings: Settings, options: Mapping[str, Any], stop: asyncio.Event
) -> Client | None:
    """A client, once the database is migrated and Temporal answers. None if asked to stop first."""
    attempt = 0
    while not stop.is_set():
        try:
            if await has_tables(settings):
                return await connect(**options)
            log.warning("worker.waiting", for_="database", fix="milepost migrate")
        except (RuntimeError, OSError) as problem:
            log.warning("worker.waiting", for_="Temporal", reason=str(problem))
        with contextlib.suppress(TimeoutError):
            delay = ASK_AGAIN[min(attempt, len(ASK_AGAIN) - 1)]
            await asyncio.wait_for(stop.wait(), delay)
        attempt += 1
    return None


async def has_tables(settings: Settings) -> bool:
    """Whether the database has the tables that this worker needs.

    A worker with a build also works on the tables of a newer version, until nothing runs on its
    build.
    """
    revision = await current(settings.database_url)
    return revision == newest() or (bool(settings.build) and is_newer(revision))


async def main(settings: Settings | None = None) -> None:
    """Run the worker of the environment's settings until SIGTERM or SIGINT."""
    settings = settings or read_settings()
    observability.configure(settings.log_level, settings.log_format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


def serve() -> None:
    """Run ``main`` on uvloop: most of an email's cost is the event loop between database calls."""
    uvloop.run(main())


if __name__ == "__main__":
    run_and_leave(serve)
