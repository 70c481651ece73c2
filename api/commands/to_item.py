"""The last step of a command to an item: to its workflow, by the item's address."""

from typing import cast

from api.commands.dispatch import send
from api.desk import Desk
from api.permissions import Actor
from programmes.rules import ItemKind
from storage.reach import Place
from workflows.ids import item_workflow_id
from workflows.messages import Answer


async def send_to_item(
    desk: Desk, actor: Actor, place: Place, command: object, key: str | None
) -> Answer | None:
    """Send ``command`` to the workflow of the item at ``place``."""
    kind = cast(ItemKind, place.kind)
    address = item_workflow_id(place.engagement_id, kind, place.item_id)
    return await send(desk, address, command, actor.holder_id, key)
