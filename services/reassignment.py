"""Tells people about a role that they have taken over.

The change and the reserved email are one SQL transaction. Temporal sends the email afterwards. If
Temporal is away, ``services.releasing`` hands the email over later.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.service import RPCError

from activities.inputs import TellInput
from notifications.delivery.reassignment import PendingNotices, reserve
from services.backend import Backend
from services.dispatch import reachable, unsent
from services.problems import Problem
from storage.master import TakenOver
from temporal.starting import start_delivery
from workflows.ids import taking_over_workflow_id

log = structlog.get_logger(__name__)


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
        await start_delivery(
            client,
            backend.settings.task_queue,
            of,
            workflow_id=taking_over_workflow_id(one.engagement_id, -one.sequence),
            summary=f"Engagement {one.engagement_id}: who has taken over",
        )
    except RPCError as error:
        raise unsent(error) from error
