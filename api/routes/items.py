"""Items of any kind: one by its id, and another date for one of its tasks."""

from api.commands import items as commands
from api.guard import Commanded, Read, guarded_router
from api.readings import items as shown
from api.routes.answering import COMMAND, FOUND, READ, item_state
from api.schemas.answers import Item
from api.schemas.commands import NewDate
from api.schemas.fields import Id

router = guarded_router("Items")


@router.get("/items/{item_id}", summary="Show an item", responses=READ | FOUND)
async def show_item(item_id: Id, call: Read) -> Item:
    """An onboarding, a research request, an advice cycle or a review, by its id."""
    return await shown.item(call.desk, call.actor, item_id)


@router.post("/items/{item_id}/deadlines/{task}/move", summary="Move a deadline", responses=COMMAND)
async def move_deadline(item_id: Id, task: Id, body: NewDate, call: Commanded) -> Item:
    """An open task gets another due date. Its reminders follow; the old date's are not sent."""
    taken = await commands.move_deadline(
        call.desk, call.actor, item_id, task, body.due, body.reason, key=call.key
    )
    return await item_state(call, item_id, taken)
