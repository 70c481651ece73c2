"""Research requests: submitted by members, carried from triage to feedback."""

from fastapi import Request, Response

from api.answers import API, COMMAND, FOUND, READ, Cursor, Limit, item_state
from api.bodies import Assignment, Comments, Feedback, NewRequest, Question, Reason, Scope, Written
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from api.item_lists import items_of
from services import research as commands
from services.items import Note
from services.views import items as shown
from services.views.rows import Item, ListedItem, Page

router = guarded_router("Research requests")


def _note(body: Written) -> Note:
    return Note(body.text, body.title or "", body.link)


@router.get(
    "/engagements/{engagement_id}/requests",
    summary="List research requests",
    responses=READ | FOUND,
)
async def list_requests(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """The research requests of an engagement, the newest first."""
    return await items_of(call, request, engagement_id, commands.KIND, cursor, limit)


@router.get("/requests/{item_id}", summary="Show a research request", responses=READ | FOUND)
async def show_request(item_id: Id, call: Read) -> Item:
    """A research request with what was written about it so far."""
    return await shown.item(call.backend, call.actor, item_id, commands.KIND)


@router.post(
    "/engagements/{engagement_id}/requests",
    summary="Submit a research request",
    status_code=201,
    responses=COMMAND,
)
async def submit_request(
    engagement_id: Id, body: NewRequest, response: Response, call: Commanded
) -> Item:
    """A member asks for research. It is triaged next."""
    item_id, taken = await commands.submit_request(
        call.backend, call.actor, engagement_id, _note(body), theme=body.theme or "", key=call.key
    )
    response.headers["Location"] = f"{API}/requests/{item_id}"
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/accept", summary="Accept a request", responses=COMMAND)
async def accept_request(item_id: Id, call: Commanded) -> Item:
    """Triage: it will be done. The scope is agreed next."""
    taken = await commands.accept_request(call.backend, call.actor, item_id, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/decline", summary="Decline a request", responses=COMMAND)
async def decline_request(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Triage: it will not be done, for a reason that the member hears. It closes."""
    taken = await commands.decline_request(
        call.backend, call.actor, item_id, body.reason, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/ask", summary="Ask the member", responses=COMMAND)
async def ask_member(item_id: Id, body: Question, call: Commanded) -> Item:
    """Triage: more is needed to decide. The member answers next."""
    taken = await commands.ask_member(
        call.backend, call.actor, item_id, body.question, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/answer", summary="Answer the question", responses=COMMAND)
async def answer_question(item_id: Id, body: Written, call: Commanded) -> Item:
    """The member's answer. Triage goes on."""
    taken = await commands.answer_question(
        call.backend, call.actor, item_id, _note(body), key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/scope", summary="Agree the scope", responses=COMMAND)
async def agree_scope(item_id: Id, body: Scope, call: Commanded) -> Item:
    """What will be delivered, in which form, and when. A researcher is assigned next."""
    taken = await commands.agree_scope(
        call.backend, call.actor, item_id, body.text, form=body.format, due=body.due, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/assign", summary="Assign a researcher", responses=COMMAND)
async def assign_request(item_id: Id, body: Assignment, call: Commanded) -> Item:
    """Somebody takes it up; while it is being drafted, somebody else can."""
    taken = await commands.assign_request(
        call.backend, call.actor, item_id, body.researcher, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/deliver", summary="Deliver the work", responses=COMMAND)
async def deliver_request(item_id: Id, body: Written, call: Commanded) -> Item:
    """The work goes to the member, who accepts or returns it."""
    taken = await commands.deliver_request(
        call.backend, call.actor, item_id, _note(body), key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/accept-delivery", summary="Accept the work", responses=COMMAND)
async def accept_delivery(item_id: Id, call: Commanded) -> Item:
    """The member is content. A word of feedback comes next."""
    taken = await commands.accept_delivery(call.backend, call.actor, item_id, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/return", summary="Return the work", responses=COMMAND)
async def return_delivery(item_id: Id, body: Comments, call: Commanded) -> Item:
    """The member wants something changed, as often as needed."""
    taken = await commands.return_delivery(
        call.backend, call.actor, item_id, body.comments, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/feedback", summary="Give feedback", responses=COMMAND)
async def give_feedback(item_id: Id, body: Feedback, call: Commanded) -> Item:
    """How useful it was. The request closes."""
    taken = await commands.give_feedback(
        call.backend, call.actor, item_id, score=body.score, remark=body.text, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/withdraw", summary="Withdraw a request", responses=COMMAND)
async def withdraw_request(item_id: Id, body: Reason, call: Commanded) -> Item:
    """The member does not need it any more. It closes, at whatever stage it is."""
    taken = await commands.withdraw_request(
        call.backend, call.actor, item_id, body.reason, key=call.key
    )
    return await item_state(call, item_id, taken)
