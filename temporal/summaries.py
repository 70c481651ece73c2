"""Keeps the promise of summaries and quiet days: their schedules, what goes by itself, or early."""

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
"""A definition or somebody's choice may have changed meanwhile."""

AT_MOST = 5.0
"""Seconds that whoever adds a programme waits for its schedules: the worker makes them anyhow."""


@dataclass(frozen=True)
class Kept:
    """What one look found."""

    schedules: int
    let_go: int
    """How many collected reminders go by themselves."""
    brought_forward: int
    """How many reminders go early, since their own day is quiet for their readers."""


async def keep_summaries(
    client: Client, database: Database, task_queue: str, now: datetime
) -> Kept:
    """One look. Raises ``RPCError`` and ``SQLAlchemyError``; repeating it does nothing twice."""
    synced = await sync_schedules(client, database, task_queue)
    async with database.reading() as session:
        waiting = await missed_by_summaries(session, now)
    for one in waiting:
        await start_round(client, task_queue, RedeliverInput(one.id, one.round + 1, MILEPOST))
    async with database.transaction() as session:
        early = await reserve_early_reminders(session, now)
    for one in early:
        # Its first round: nobody else sends it.
        await start_round(client, task_queue, RedeliverInput(one.id, one.round, MILEPOST))
    return Kept(len(synced), len(waiting), len(early))


@dataclass(frozen=True)
class Summaries:
    """Looks after the summaries beside a worker, which serves whatever becomes of a look."""

    client: Client
    database: Database
    task_queue: str
    now: Callable[[], datetime]

    def at_work(self) -> AbstractAsyncContextManager[None]:
        """Look at the beginning, and every now and then."""
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
    """Make the schedules follow a programme that was just added; ``False`` where they have to wait
    for the worker's next look."""
    try:
        async with asyncio.timeout(AT_MOST):
            await sync_schedules(await temporal.client(), database, task_queue)
    except (TemporalDown, TimeoutError, RPCError, SQLAlchemyError) as problem:
        log.warning("summaries.later", reason=type(problem).__name__)
        return False
    return True
