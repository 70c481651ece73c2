"""The command that every kind of item takes: another due date for one of its tasks."""

from datetime import date

from api.commands.claim_check import written
from api.commands.reaching import item_in_reach
from api.commands.to_item import send_to_item
from api.desk import Desk
from api.permissions import Actor
from workflows.messages import Answer, MoveDeadline


async def move_deadline(
    desk: Desk,
    actor: Actor,
    item_id: str,
    task: str,
    due: date,
    reason: str | None = None,
    *,
    key: str | None = None,
) -> Answer | None:
    """Move an open task; its reminders follow and its owner hears of it."""
    place = await item_in_reach(desk, actor, "move_deadline", item_id)
    async with written(desk, actor, key, reason=reason) as texts:
        command = MoveDeadline(actor.holder_id, task, due, texts.get("reason"))
        return await send_to_item(desk, actor, place, command, key)
