"""Lets go the emails that were withheld for an address, or since nobody had a role, once that is
mended; and what was left of either."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from activities.inputs import RedeliverInput
from api.commands.dispatch import reachable
from api.commands.notifications import start_redelivery
from api.commands.taking_over import tell
from api.desk import Desk
from api.permissions import Actor
from api.problems import Problem
from notifications.suppression import Waiting, left_waiting, waiting_for
from notifications.taking_over import left_untold
from notifications.unheard import heard_now
from programmes.facts import MILEPOST
from temporal.rounds import rounds

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(minutes=1)


async def withheld_for(
    desk: Desk, session: AsyncSession, holder_ids: Sequence[str]
) -> list[Waiting]:
    """What was withheld for these people, before their change is final.

    Where there is something and Temporal is away, nothing is changed and the caller hears of it:
    the problem ``unavailable``.
    """
    waiting = await waiting_for(session, list(holder_ids)) if holder_ids else []
    if waiting:
        await reachable(desk)
    return waiting


async def release(desk: Desk, actor: Actor, waiting: Sequence[Waiting]) -> None:
    """Try these again, once the change is final: each is judged anew as it leaves, so what is not
    true any more stays withheld. The change stands where Temporal goes away just now: what this
    does not come to is let go by whoever looks next (``Releaser``)."""
    try:
        for one in waiting:
            client = await reachable(desk)
            again = RedeliverInput(one.id, one.round + 1, actor.holder_id)
            await start_redelivery(client, desk, again)
    except Problem as problem:
        log.warning("release_waits", problem=problem.name)


async def release_unheard(desk: Desk, actor: Actor) -> None:
    """Try again what nobody could get, where somebody has the role now, once that is final."""
    async with desk.database.reading() as session:
        waiting = await heard_now(session)
    await release(desk, actor, waiting)


class Releaser:
    """Looks now and then for what a mended address or a role that somebody has again should have
    let go, and for whoever has taken over and was not told. The ledger says which, so that nothing
    is forgotten, whoever made the change and whatever broke; and the id of a workflow makes a
    repeat harmless."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> int:
        """Let go what is left; how much that was. What Temporal does not take is left once more."""
        try:
            async with self._desk.database.reading() as session:
                left = [*await left_waiting(session), *await heard_now(session)]
                untold = await left_untold(session, self._desk.now())
            await tell(self._desk, untold)
            for one in left:
                client = await reachable(self._desk)
                again = RedeliverInput(one.id, one.round + 1, MILEPOST)
                await start_redelivery(client, self._desk, again)
        except (Problem, SQLAlchemyError) as error:
            log.warning("release_waits", error=type(error).__name__)
            return 0
        return len(left)

    def at_work(self) -> AbstractAsyncContextManager[None]:
        """Look at the beginning, and every now and then."""
        return rounds(self._round, self._rest)

    async def _round(self) -> None:
        await self.look()

    async def _rest(self) -> None:
        await asyncio.sleep(LOOK_EVERY.total_seconds())
