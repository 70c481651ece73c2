"""Review milestones: evidence, submission, sign-off or return."""

from fastapi import Request

from api.answers import COMMAND, FOUND, READ, Cursor, Limit
from api.fields import Comments, Id, Key, OptionalText, Written, shown
from api.guard import Commanded, Read, guarded_router
from api.items import carry_out, items_of
from services.views.items import Item, ListedItem, item
from services.views.rows import Page
from workflows.messages import AddEvidence, ReturnReview, SignOffReview, SubmitReview

router = guarded_router("Review milestones")

KIND = "review"


class Evidence(Written):
    """What shows that one item of the checklist is done."""

    model_config = shown(
        check="baseline", text="The figures for 2026.", link="https://example.org/figures.xlsx"
    )
    check: Key


@router.get("/engagements/{engagement_id}/reviews", summary="List reviews", responses=READ | FOUND)
async def list_reviews(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """List the reviews that have opened, the newest first. The plan has the others."""
    return await items_of(call, request, engagement_id, KIND, cursor, limit)


@router.get("/reviews/{item_id}", summary="Show a review", responses=READ | FOUND)
async def show_review(item_id: Id, call: Read) -> Item:
    """Show a review with its checklist and evidence."""
    return await item(call.backend, call.actor, item_id, KIND)


@router.post("/reviews/{item_id}/evidence", summary="Add evidence", responses=COMMAND)
async def add_evidence(item_id: Id, body: Evidence, call: Commanded) -> Item:
    """Add text, or a link, that shows that one item of the checklist is done."""
    return await carry_out(
        call,
        item_id,
        KIND,
        AddEvidence,
        texts={"text": body.note()},
        values={"check": body.check},
    )


@router.post("/reviews/{item_id}/submit", summary="Submit a review", responses=COMMAND)
async def submit_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """Submit a review whose checklist is complete. The office checks it next."""
    return await carry_out(call, item_id, KIND, SubmitReview, texts={"text": body.text})


@router.post("/reviews/{item_id}/sign-off", summary="Sign off a review", responses=COMMAND)
async def sign_off_review(item_id: Id, body: OptionalText, call: Commanded) -> Item:
    """Sign off the milestone. The people whom the programme names get an email."""
    return await carry_out(call, item_id, KIND, SignOffReview, texts={"text": body.text})


@router.post("/reviews/{item_id}/return", summary="Return a review", responses=COMMAND)
async def return_review(item_id: Id, body: Comments, call: Commanded) -> Item:
    """Return a review that needs changes. The member gets the comments and a date."""
    return await carry_out(call, item_id, KIND, ReturnReview, texts={"comments": body.comments})
