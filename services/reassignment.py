"""Tells people about a role that they have taken over, and retries emails that had no
recipient.

The change and the reserved email are one SQL transaction. Temporal sends the email afterwards.
If Temporal is away, ``Releaser`` hands the email over later.
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
from notifications.delivery.ledger import Waiting
from notifications.delivery.reassignment import (
    PendingNotices,
    reserve,
    sendable_now,
    unsent_notices,
)
from notifications.feedback.suppression import left_waiting, waiting_for
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
"""The name of the workflow that delivers what no process decided."""


async def reserved(
    backend: Backend, session: AsyncSession, taken: Sequence[TakenOver]
) -> tuple[PendingNotices, ...]:
    """Reserve what is to be told, in the transaction of the change."""
    return tuple([await reserve(session, one, backend.now()) for one in taken])


async def tell(backend: Backend, told: Sequence[PendingNotices]) -> None:
    """Have it told, once the change is final. A repeat is harmless: each has an id of its own."""
    try:
        for one in told:
            await _start(backend, one)
    except Problem as problem:
        log.warning("telling_waits", problem=problem.name)


async def _start(backend: Backend, one: PendingNotices) -> None:
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
    """Looks regularly for emails that a corrected address or a filled role should have
    released. It also finds people who have taken over and were not told. The ledger has them,
    so a crash loses none. The workflow's id makes a repeat harmless."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def look(self) -> int:
        """Release what is left, as far as Temporal takes it. Returns how many."""
        try:
            async with self._backend.database.reading() as session:
                left = [*await left_waiting(session), *await sendable_now(session)]
                untold = await unsent_notices(session, self._backend.now())
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


async def assign_team(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    *,
    manager: str | None = None,
    adviser: str | None = None,
) -> None:
    """Give an engagement another manager or adviser, who takes over the open tasks and gets an
    email.

    Emails that the vacant role could not get are sent as well. Nothing happens if the person
    already has the role. Raises ``not-found``, ``invalid`` with a sentence for each unsuitable
    person, and ``closed``.
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
