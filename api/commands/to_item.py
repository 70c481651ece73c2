"""The last step of a command to an item: to its workflow, by the item's address."""

from api.commands.dispatch import send, unavailable
from api.desk import Desk
from api.permissions import Actor
from api.problems import Problem
from storage.reach import ItemPlace, has_closed
from workflows.ids import item_workflow_id
from workflows.messages import Answer


async def send_to_item(
    desk: Desk, actor: Actor, place: ItemPlace, command: object, key: str | None
) -> Answer | None:
    """Send ``command`` to the workflow of the item at ``place``."""
    address = item_workflow_id(place.engagement_id, place.kind, place.item_id)
    try:
        return await send(desk, address, command, actor.holder_id, key)
    except Problem as problem:
        if problem.name == "closed" and not await _has_closed(desk, place.item_id):
            # It was opened a moment ago: its record is there before its workflow is.
            raise unavailable() from problem
        raise


async def _has_closed(desk: Desk, item_id: str) -> bool:
    async with desk.database.reading() as session:
        return await has_closed(session, item_id)
