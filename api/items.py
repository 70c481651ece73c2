"""Items of any kind: one by its id, and another date for one of its tasks."""

from api.answers import COMMAND, FOUND, READ, item_state
from api.bodies import NewDate
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from services import items as commands
from services.views import items as shown
from services.views.rows import Item

router = guarded_router("Items")


@router.get("/items/{item_id}", summary="Show an item", responses=READ | FOUND)
async def show_item(item_id: Id, call: Read) -> Item:
    """An onboarding, a research request, an advice cycle or a review, by its id."""
    return await shown.item(call.backend, call.actor, item_id)


@router.post("/items/{item_id}/deadlines/{task}/move", summary="Move a deadline", responses=COMMAND)
async def move_deadline(item_id: Id, task: Id, body: NewDate, call: Commanded) -> Item:
    """An open task gets another due date. Its reminders follow; the old date's are not sent."""
    taken = await commands.move_deadline(
        call.backend, call.actor, item_id, task, body.due, body.reason, key=call.key
    )
    return await item_state(call, item_id, taken)
