"""Whoever has taken over a role is told: reserved with the change, and handed to Temporal after it.

The change is plain SQL and needs no Temporal; the email that follows does. What Temporal does not
take now is handed to it by whoever looks next (``api.commands.releasing.Releaser``).
"""

import contextlib
from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.inputs import TellInput
from api.commands.dispatch import reachable, unsent
from api.desk import Desk
from api.problems import Problem
from notifications.taking_over import ToTell, reserve
from storage.master import TakenOver
from workflows.ids import taking_over_workflow_id

log = structlog.get_logger(__name__)

TELL = "TellOfReply"
"""The workflow that tells of what no process decided, under the name that it began with."""


async def reserved(
    desk: Desk, session: AsyncSession, taken: Sequence[TakenOver]
) -> tuple[ToTell, ...]:
    """Reserve what is to be told, in the transaction of the change."""
    return tuple([await reserve(session, one, desk.now()) for one in taken])


async def tell(desk: Desk, told: Sequence[ToTell]) -> None:
    """Have it told, once the change is final. A repeat is harmless: each has an id of its own."""
    try:
        for one in told:
            await _start(desk, one)
    except Problem as problem:
        log.warning("telling_waits", problem=problem.name)


async def _start(desk: Desk, one: ToTell) -> None:
    client = await reachable(desk)
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
                task_queue=desk.settings.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"Engagement {one.engagement_id}: who has taken over",
            )
    except RPCError as error:
        raise unsent(error) from error
