"""Review milestones: evidence for a checklist, submitted, signed off or returned."""

from fastapi import Request

from api.answers import COMMAND, FOUND, READ, Cursor, Limit, item_state
from api.bodies import Comments, Evidence, OptionalText
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from api.item_lists import items_of
from services import reviews as commands
from services.items import Note
from services.views import items as shown
from services.views.rows import Item, ListedItem, Page

router = guarded_router("Review milestones")


@router.get("/engagements/{engagement_id}/reviews", summary="List reviews", responses=READ | FOUND)
async def list_reviews(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """The reviews of an engagement that have opened, the newest first. The plan has the rest."""
    return await items_of(call, request, engagement_id, commands.KIND, cursor, limit)


@router.get("/reviews/{item_id}", summary="Show a review", responses=READ | FOUND)
async def show_review(item_id: Id, call: Read) -> Item:
    """A review with its checklist and evidence."""
    return await shown.item(call.backend, call.actor, item_id, commands.KIND)


@router.post("/reviews/{item_id}/evidence", summary="Add evidence", responses=COMMAND)
async def add_evidence(item_id: Id, body: Evidence, call: Commanded) -> Item:
    """What shows that one item of the checklist is done: text, and a link where there is one."""
    evidence = Note(body.text, body.title or "", body.link)
    taken = await commands.add_evidence(
        call.backend, call.actor, item_id, body.check, evidence, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/submit", summary="Submit a review", responses=COMMAND)
async def submit_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """The checklist is complete; the office looks at it next."""
    taken = await commands.submit_review(call.backend, call.actor, item_id, body.text, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/sign-off", summary="Sign off a review", responses=COMMAND)
async def sign_off_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """The milestone is reached, and everybody whom the programme names hears of it."""
    taken = await commands.sign_off_review(
        call.backend, call.actor, item_id, body.text, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/return", summary="Return a review", responses=COMMAND)
async def return_review(item_id: Id, body: Comments, call: Commanded) -> Item:
    """Something is to be mended first. The member gets the comments and a date."""
    taken = await commands.return_review(
        call.backend, call.actor, item_id, body.comments, key=call.key
    )
    return await item_state(call, item_id, taken)
