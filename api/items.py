"""Items of any kind: one by its id, lists of one kind, and how a command to an item answers."""

from fastapi import Request

from api.answers import API, COMMAND, FOUND, READ, next_link
from api.fields import Id, NewDate
from api.guard import Call, Commanded, Read, guarded_router
from services.items import Taken, Texts, command_item
from services.permissions import visibility
from services.problems import Problem, RecordPending
from services.views import items as shown
from services.views.items import Item, ListedItem
from services.views.rows import Page
from storage.queries.access import place_of_engagement
from storage.queries.items import ItemFilter, list_items
from workflows.messages import MoveDeadline

router = guarded_router("Items")


@router.get("/items/{item_id}", summary="Show an item", responses=READ | FOUND)
async def show_item(item_id: Id, call: Read) -> Item:
    """Show an onboarding, a research request, an advice cycle or a review by its id."""
    return await shown.item(call.backend, call.actor, item_id)


@router.post("/items/{item_id}/deadlines/{task}/move", summary="Move a deadline", responses=COMMAND)
async def move_deadline(item_id: Id, task: Id, body: NewDate, call: Commanded) -> Item:
    """Give an open task another due date. Its reminders move with it."""
    texts: Texts = {"reason": body.reason}
    return await carry_out(
        call, item_id, "", MoveDeadline, texts=texts, values={"task": task, "due": body.due}
    )


async def carry_out(
    call: Call,
    item_id: str,
    kind: str,
    message: type,
    *,
    texts: Texts | None = None,
    task: str = "",
    values: dict[str, object] | None = None,
) -> Item:
    """Send a command to an item and answer with the item. See ``command_item``."""
    taken = await command_item(
        call.backend,
        call.actor,
        item_id,
        kind,
        message,
        texts=texts,
        task=task,
        key=call.key,
        values=values,
    )
    return await item_state(call, item_id, taken)


async def item_state(call: Call, item_id: str, taken: Taken) -> Item:
    """The item after a command to it. Raises ``RecordPending``."""
    if taken is None:
        raise RecordPending(f"{API}/items/{item_id}")
    return await shown.item(call.backend, call.actor, item_id)


async def items_of(
    call: Call, request: Request, engagement_id: str, kind: str, cursor: str | None, limit: int
) -> Page[ListedItem]:
    """An engagement's items of one kind, the latest first. Raises the problem ``not-found``."""
    seen = visibility(call.actor)
    async with call.backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
        if place is None or seen.member_id not in {None, place.member_id}:
            raise Problem("not-found")
        page = await list_items(
            session,
            ItemFilter(engagement_id=engagement_id, kind=kind),
            cursor=cursor,
            limit=limit,
            visible_to=seen,
        )
    return Page(
        items=await shown.listed(call.backend, page.rows), next=next_link(request, page.next)
    )
