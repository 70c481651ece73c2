"""The rows of the fault matrix that stop a server: PostgreSQL, Temporal, the provider for a day."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.record import Recorder
from embedded.temporal_server import DevServer
from storage.migrate import upgrade
from temporal.converter import DATA_CONVERTER
from tests.durability.server import ATTRIBUTES
from tests.fakes.sendgrid_faults import Faults
from tests.faults.rows import Setting
from tests.faults.stage import Run, set_up
from tests.faults.tally import Tally
from tests.servers import PostgresServer, let_pass, temporal_cli, time_skipping
from tests.workflows.office import server_clock

AWAY_SECONDS = 1.0
SHORT_HEARTBEAT = 4.0
A_WHILE = 15 * 60
"""Seconds after which the provider wants to be asked again: the longest that is heeded."""
A_DAY = timedelta(hours=24)
AN_HOUR = timedelta(hours=1)
RECOVERY = timedelta(hours=1)


async def database_stopped(setting: Setting, run: Run) -> Tally:
    """PostgreSQL is stopped with ``immediate`` after every reminder is reserved, and once more
    while they are being sent. Each time it is started again a second later."""
    server = await asyncio.to_thread(PostgresServer, durable=True)
    try:
        with server.connect() as connection:
            connection.execute("create database milepost")
        url = f"postgresql+psycopg://postgres@/milepost?host={server.folder}"
        await upgrade(url)
        async with set_up(setting.client, url, run) as stage:
            recorder = Recorder(stage.database)
            for record in stage.planned.records:
                await recorder.record(record)
            server.stop_immediately()
            await stage.launch()
            await _come_back(server)
            await stage.some_are_sent(random.Random(run.seed).uniform(0.2, 0.6))
            server.stop_immediately()
            await _come_back(server)
            return await stage.result()
    finally:
        await asyncio.to_thread(server.stop)


async def database_stalled(setting: Setting, run: Run) -> Tally:
    """PostgreSQL takes no writes for longer than a silent courier is waited for. A courier that
    waits for it beats on, so that no second attempt comes between."""
    server = await asyncio.to_thread(PostgresServer)
    try:
        with server.connect() as connection:
            connection.execute("create database milepost")
        url = f"postgresql+psycopg://postgres@/milepost?host={server.folder}"
        await upgrade(url)
        async with set_up(setting.client, url, run) as stage:
            await stage.launch(SHORT_HEARTBEAT)
            await stage.some_are_sent(random.Random(run.seed).uniform(0.2, 0.6))
            async with stage.database.transaction() as session:
                await session.execute(text("lock table deliveries in access exclusive mode"))
                await asyncio.sleep(1.5 * SHORT_HEARTBEAT)
            counted = await stage.result()
            more = await stage.second_attempts()
        return counted.but(f"{more} couriers were taken for dead") if more else counted
    finally:
        await asyncio.to_thread(server.stop)


async def _come_back(server: PostgresServer) -> None:
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(server.start_again)


async def temporal_restarted(setting: Setting, run: Run) -> Tally:
    """Temporal's server is killed while emails are being sent, and started again."""
    kept = setting.folder / f"temporal-{run.seed}.db"
    server = DevServer(temporal_cli(), database=kept, search_attributes=ATTRIBUTES)
    server.start()
    try:
        await asyncio.to_thread(server.wait_ready)
        client = await Client.connect(server.address, data_converter=DATA_CONVERTER)
        faults = Faults({"slow": 0.5}, run.seed, slowness=0.2)
        async with set_up(client, setting.url("restarted", run), run, faults=faults) as stage:
            await stage.launch()
            await stage.some_are_sent(random.Random(run.seed).uniform(0.2, 0.6))
            server.kill()
            await asyncio.sleep(AWAY_SECONDS)
            server.start()
            await asyncio.to_thread(server.wait_ready)
            return await stage.result()
    finally:
        server.kill()


async def provider_down_for_a_day(setting: Setting, run: Run) -> Tally:
    """For a day the provider answers 503. A third of the tasks are done by then. What would remind
    of them is stale, and the rest goes out in one email a recipient. The couriers have the patience
    that they have in earnest."""
    # What is planned is dated by this process, so the server begins where its clock stands.
    async with time_skipping(ATTRIBUTES, start=datetime.now(UTC)) as environment:
        url = setting.url("a-day", run)
        faults = Faults(always="503 wait", retry_after=A_WHILE)
        async with set_up(environment.client, url, run, faults=faults, clock=server_clock) as stage:
            await stage.launch(heartbeat=0)
            await _pass(environment, A_DAY / 2)
            recorder = Recorder(stage.database)
            for number in range(0, len(stage.planned.records), 3):
                await recorder.record(stage.planned.done(number))
            await _pass(environment, A_DAY / 2)
            faults.always = ""
            await let_pass(environment, RECOVERY)
            # All is over by then. Several results at once would each unlock the clock, which the
            # server refuses.
            with environment.auto_time_skipping_disabled():
                counted = await stage.result()
        if not stage.fake.modes["503 wait"]:
            counted = counted.but("nothing was tried while it was down")
        most = max(Counter(one.address for one in stage.posted).values())
        return counted if most == 1 else counted.but(f"a recipient got {most} emails at once")


async def _pass(environment: WorkflowEnvironment, time: timedelta) -> None:
    """Let time pass. An hour with many attempts takes a while, and a call may not take for ever."""
    for _ in range(time // AN_HOUR):
        await let_pass(environment, AN_HOUR)
