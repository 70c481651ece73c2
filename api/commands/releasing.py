"""Lets go the emails that were withheld for an address, once that is mended."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from activities.inputs import RedeliverInput
from api.commands.dispatch import reachable
from api.commands.notifications import start_redelivery
from api.desk import Desk
from api.permissions import Actor
from notifications.suppression import Waiting, waiting_for


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
    true any more stays withheld. A repeat of the change repeats what this did not come to."""
    if not waiting:
        return
    client = await reachable(desk)
    for one in waiting:
        await start_redelivery(client, desk, RedeliverInput(one.id, one.round + 1, actor.holder_id))
