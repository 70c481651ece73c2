"""Sends withheld emails again, once their address is corrected or their role has a holder."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from activities.inputs import RedeliverInput
from notifications.delivery.blackouts import released_from_blackouts
from notifications.delivery.ledger import Waiting
from notifications.delivery.reassignment import sendable_now, unsent_notices
from notifications.feedback.suppression import left_waiting, waiting_for
from programmes.facts import MILEPOST
from services.backend import Backend
from services.dispatch import reachable
from services.notifications import start_redelivery
from services.permissions import Actor
from services.problems import Problem
from services.reassignment import tell
from temporal.rounds import rounds

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(minutes=1)


async def withheld_for(
    backend: Backend, session: AsyncSession, holder_ids: Sequence[str]
) -> list[Waiting]:
    """The emails that were withheld for these people, read before their change.

    Raises ``unavailable`` if there are any and Temporal is away. Then nothing changes.
    """
    waiting = await waiting_for(session, list(holder_ids)) if holder_ids else []
    if waiting:
        await reachable(backend)
    return waiting


async def release(backend: Backend, actor: Actor, waiting: Sequence[Waiting]) -> None:
    """Send these again after the change. The checks run again, so an outdated email stays
    withheld. If Temporal goes away now, the change stands and ``Releaser`` sends the rest
    later."""
    try:
        for one in waiting:
            client = await reachable(backend)
            again = RedeliverInput(one.id, one.round + 1, actor.holder_id)
            await start_redelivery(client, backend, again)
    except Problem as problem:
        log.warning("release_waits", problem=problem.name)


async def release_unheard(backend: Backend, actor: Actor) -> None:
    """Send again the emails of a vacant role that now has a holder."""
    async with backend.database.reading() as session:
        waiting = await sendable_now(session)
    await release(backend, actor, waiting)


class Releaser:
    """Looks regularly for emails that a corrected address, a filled role or a removed blackout
    should have released. It also finds people who have taken over and were not told. The ledger
    has them, so a crash loses none. The workflow's id makes a repeat harmless."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def look(self) -> int:
        """Release what is left, as far as Temporal takes it. Returns how many."""
        try:
            async with self._backend.database.reading() as session:
                now = self._backend.now()
                left = [*await left_waiting(session), *await sendable_now(session)]
                left += await released_from_blackouts(session, now)
                untold = await unsent_notices(session, now)
            await tell(self._backend, untold)
            for one in left:
                client = await reachable(self._backend)
                again = RedeliverInput(one.id, one.round + 1, MILEPOST)
                await start_redelivery(client, self._backend, again)
        except (Problem, SQLAlchemyError) as error:
            log.warning("release_waits", error=type(error).__name__)
            return 0
        return len(left)

    def at_work(self) -> AbstractAsyncContextManager[None]:
        """Look at the start, and then regularly."""
        return rounds(self._round, self._rest)

    async def _round(self) -> None:
        await self.look()

    async def _rest(self) -> None:
        await asyncio.sleep(LOOK_EVERY.total_seconds())
