"""Whoever has taken over a role is told: reserved with the change, and handed to Temporal after it.

The change is plain SQL and needs no Temporal; the email that follows does. What Temporal does not
take now is handed to it by whoever looks next (``services.reassignment.Releaser``).
"""

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.inputs import RedeliverInput, TellInput
from notifications.delivery.reassignment import ToTell, left_untold, reserve
from notifications.delivery.role_changes import heard_now
from notifications.feedback.suppression import Waiting, left_waiting, waiting_for
from programmes.facts import MILEPOST
from services.backend import Backend, writing
from services.dispatch import reachable, unsent
from services.notifications import start_redelivery
from services.permissions import Actor, engagement_in_reach
from services.problems import Problem
from storage import master
from storage.master import TakenOver
from temporal.rounds import rounds
from workflows.ids import taking_over_workflow_id

log = structlog.get_logger(__name__)

TELL = "TellOfReply"
"""The workflow that tells of what no process decided, under the name that it began with."""


async def reserved(
    backend: Backend, session: AsyncSession, taken: Sequence[TakenOver]
) -> tuple[ToTell, ...]:
    """Reserve what is to be told, in the transaction of the change."""
    return tuple([await reserve(session, one, backend.now()) for one in taken])


async def tell(backend: Backend, told: Sequence[ToTell]) -> None:
    """Have it told, once the change is final. A repeat is harmless: each has an id of its own."""
    try:
        for one in told:
            await _start(backend, one)
    except Problem as problem:
        log.warning("telling_waits", problem=problem.name)


async def _start(backend: Backend, one: ToTell) -> None:
    client = await reachable(backend)
    of = TellInput(
        *(one.engagement_id, one.engagement_id, one.sequence, one.not_before),
        what="who has taken over",
    )
    try:
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await client.start_workflow(
                TELL,
                of,
                id=taking_over_workflow_id(one.engagement_id, -one.sequence),
                task_queue=backend.settings.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"Engagement {one.engagement_id}: who has taken over",
            )
    except RPCError as error:
        raise unsent(error) from error


LOOK_EVERY = timedelta(minutes=1)


async def withheld_for(
    backend: Backend, session: AsyncSession, holder_ids: Sequence[str]
) -> list[Waiting]:
    """What was withheld for these people, before their change is final.

    Where there is something and Temporal is away, nothing is changed and the caller hears of it:
    the problem ``unavailable``.
    """
    waiting = await waiting_for(session, list(holder_ids)) if holder_ids else []
    if waiting:
        await reachable(backend)
    return waiting


async def release(backend: Backend, actor: Actor, waiting: Sequence[Waiting]) -> None:
    """Try these again, once the change is final: each is judged anew as it leaves, so what is not
    true any more stays withheld. The change stands where Temporal goes away just now: what this
    does not come to is let go by whoever looks next (``Releaser``)."""
    try:
        for one in waiting:
            client = await reachable(backend)
            again = RedeliverInput(one.id, one.round + 1, actor.holder_id)
            await start_redelivery(client, backend, again)
    except Problem as problem:
        log.warning("release_waits", problem=problem.name)


async def release_unheard(backend: Backend, actor: Actor) -> None:
    """Try again what nobody could get, where somebody has the role now, once that is final."""
    async with backend.database.reading() as session:
        waiting = await heard_now(session)
    await release(backend, actor, waiting)


class Releaser:
    """Looks now and then for what a mended address or a role that somebody has again should have
    let go, and for whoever has taken over and was not told. The ledger says which, so that nothing
    is forgotten, whoever made the change and whatever broke; and the id of a workflow makes a
    repeat harmless."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def look(self) -> int:
        """Let go what is left; how much that was. What Temporal does not take is left once more."""
        try:
            async with self._backend.database.reading() as session:
                left = [*await left_waiting(session), *await heard_now(session)]
                untold = await left_untold(session, self._backend.now())
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
        """Look at the beginning, and every now and then."""
        return rounds(self._round, self._rest)

    async def _round(self) -> None:
        await self.look()

    async def _rest(self) -> None:
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def assign_team(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    *,
    manager: str | None = None,
    adviser: str | None = None,
) -> None:
    """Somebody else looks after an engagement, or advises it: what is open is theirs, and they hear
    of it, and of what nobody could be told before. Where they have it already nothing happens.

    Raises ``not-found``, ``invalid`` with a sentence for each person who cannot, and ``closed``.
    """
    await engagement_in_reach(backend, actor, "assign_engagement", engagement_id)
    async with writing(backend) as session:
        taken = await master.assign_team(
            session,
            actor.holder_id,
            backend.now(),
            engagement_id,
            manager_id=manager,
            adviser_id=adviser,
        )
        told = await reserved(backend, session, (taken,) if taken else ())
    await tell(backend, told)
    await release_unheard(backend, actor)
