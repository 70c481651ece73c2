"""Looks after summaries and quiet days: the schedules, and reminders that leave alone or early."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from activities.inputs import RedeliverInput
from notifications.delivery.early_reminders import reserve_early_reminders
from notifications.digests.collected import missed_by_summaries
from programmes.facts import MILEPOST
from storage.database import Database
from temporal.connection import Temporal, TemporalDown
from temporal.rounds import rounds
from temporal.schedules import sync_schedules
from temporal.starting import start_round

log = structlog.get_logger("milepost.summaries")

LOOK_EVERY = timedelta(hours=1)
"""The time between two looks: a definition or a recipient's choice may have changed."""

AT_MOST = 5.0
"""Seconds that the caller waits for the schedules of a new programme. The worker makes them in any
case."""


@dataclass(frozen=True)
class Kept:
    """What one look found."""

    schedules: int
    let_go: int
    """How many collected reminders leave on their own."""
    brought_forward: int
    """How many reminders leave early, because their recipients opted out of email on their day."""


async def keep_summaries(
    client: Client, database: Database, task_queue: str, now: datetime
) -> Kept:
    """Look once. Raises ``RPCError`` and ``SQLAlchemyError``. A repeat does nothing twice."""
    synced = await sync_schedules(client, database, task_queue)
    async with database.reading() as session:
        waiting = await missed_by_summaries(session, now)
    for one in waiting:
        await start_round(client, task_queue, RedeliverInput(one.id, one.round + 1, MILEPOST))
    async with database.transaction() as session:
        early = await reserve_early_reminders(session, now)
    for one in early:
        # Its first round: no workflow sends it otherwise.
        await start_round(client, task_queue, RedeliverInput(one.id, one.round, MILEPOST))
    return Kept(len(synced), len(waiting), len(early))


@dataclass(frozen=True)
class Summaries:
    """Looks after the summaries beside a worker. A failed look does not stop the worker."""

    client: Client
    database: Database
    task_queue: str
    now: Callable[[], datetime]

    def at_work(self) -> AbstractAsyncContextManager[None]:
        """Look at the start, and then regularly."""
        return rounds(self._round, self._rest)

    async def _round(self) -> None:
        kept = await keep_summaries(self.client, self.database, self.task_queue, self.now())
        log.info(
            "summaries.kept",
            schedules=kept.schedules,
            let_go=kept.let_go,
            brought_forward=kept.brought_forward,
        )

    async def _rest(self) -> None:
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def follow_definitions(temporal: Temporal, database: Database, task_queue: str) -> bool:
    """Update the schedules for a programme that was just added. Returns ``False`` if they have to
    wait for the worker's next look."""
    try:
        async with asyncio.timeout(AT_MOST):
            await sync_schedules(await temporal.client(), database, task_queue)
    except (TemporalDown, TimeoutError, RPCError, SQLAlchemyError) as problem:
        log.warning("summaries.later", reason=type(problem).__name__)
        return False
    return True
