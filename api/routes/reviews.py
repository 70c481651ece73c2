"""Review milestones: evidence for a checklist, submitted, signed off or returned."""

from fastapi import Request

from api.commands import reviews as commands
from api.commands.claim_check import Note
from api.guard import Commanded, Read, guarded_router
from api.readings import items as shown
from api.routes.answering import COMMAND, FOUND, READ, item_state
from api.routes.item_lists import items_of
from api.routes.paging import Cursor, Limit
from api.schemas.answers import Item, ListedItem
from api.schemas.commands import Comments, Evidence, OptionalText
from api.schemas.fields import Id
from api.schemas.refs import Page

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
    return await shown.item(call.desk, call.actor, item_id, commands.KIND)


@router.post("/reviews/{item_id}/evidence", summary="Add evidence", responses=COMMAND)
async def add_evidence(item_id: Id, body: Evidence, call: Commanded) -> Item:
    """What shows that one item of the checklist is done: text, and a link where there is one."""
    evidence = Note(body.text, body.title or "", body.link)
    taken = await commands.add_evidence(
        call.desk, call.actor, item_id, body.check, evidence, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/submit", summary="Submit a review", responses=COMMAND)
async def submit_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """The checklist is complete; the office looks at it next."""
    taken = await commands.submit_review(call.desk, call.actor, item_id, body.text, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/sign-off", summary="Sign off a review", responses=COMMAND)
async def sign_off_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """The milestone is reached, and everybody whom the programme names hears of it."""
    taken = await commands.sign_off_review(call.desk, call.actor, item_id, body.text, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/reviews/{item_id}/return", summary="Return a review", responses=COMMAND)
async def return_review(item_id: Id, body: Comments, call: Commanded) -> Item:
    """Something is to be mended first. The member gets the comments and a date."""
    taken = await commands.return_review(
        call.desk, call.actor, item_id, body.comments, key=call.key
    )
    return await item_state(call, item_id, taken)
