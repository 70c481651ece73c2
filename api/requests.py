"""Research requests: members submit them, and the office carries them from triage to feedback."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from api.answers import API, COMMAND, FOUND, READ, Cursor, Limit
from api.fields import (
    Body,
    Comments,
    Day,
    Id,
    Key,
    Paragraphs,
    Reason,
    Slug,
    Written,
    shown,
)
from api.guard import Commanded, Read, guarded_router
from api.items import carry_out, item_state, items_of
from services import items as commands
from services.views.items import Item, ListedItem, item
from services.views.rows import Page
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    AnswerQuestion,
    AskMember,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    ReturnDelivery,
    WithdrawRequest,
)

router = guarded_router("Research requests")

KIND = "research"


class NewRequest(Written):
    """A research request."""

    model_config = shown(
        text="Which interventions raise pay in care work, and what do they cost?",
        title="Pay in care work",
        theme="good-jobs",
    )
    theme: Slug | None = Field(default=None, description="One of the programme's themes.")


class Question(Body):
    """What the office needs to know."""

    model_config = shown(question="Which wards do you have in mind?")
    question: Paragraphs


class Scope(Body):
    """What will be delivered, in which form, and when."""

    model_config = shown(
        text="A review of eight interventions with costs.", format="briefing", due="2027-03-12"
    )
    text: Paragraphs
    format: Slug = Field(description="One word that travels with the request, not a sentence.")
    due: Day | None = Field(default=None, description="The delivery date; it has a default.")


class Assignment(Body):
    """Who does the research."""

    model_config = shown(researcher="per_k3m5q7ab2c4d6e8fgh2j")
    researcher: Key


class Feedback(Body):
    """How useful the work was, from 1 to 5."""

    model_config = shown(score=5, text="Just what the cabinet needed.")
    score: Annotated[int, Field(ge=1, le=5)]
    text: Paragraphs | None = None


@router.get(
    "/engagements/{engagement_id}/requests",
    summary="List research requests",
    responses=READ | FOUND,
)
async def list_requests(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """List the research requests of an engagement, the newest first."""
    return await items_of(call, request, engagement_id, KIND, cursor, limit)


@router.get("/requests/{item_id}", summary="Show a research request", responses=READ | FOUND)
async def show_request(item_id: Id, call: Read) -> Item:
    """Show a research request with what was written about it so far."""
    return await item(call.backend, call.actor, item_id, KIND)


@router.post(
    "/engagements/{engagement_id}/requests",
    summary="Submit a research request",
    status_code=201,
    responses=COMMAND,
)
async def submit_request(
    engagement_id: Id, body: NewRequest, response: Response, call: Commanded
) -> Item:
    """Submit a member's research request. The office triages it next."""
    item_id, taken = await commands.submit_request(
        call.backend, call.actor, engagement_id, body.note(), theme=body.theme or "", key=call.key
    )
    response.headers["Location"] = f"{API}/requests/{item_id}"
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/accept", summary="Accept a request", responses=COMMAND)
async def accept_request(item_id: Id, call: Commanded) -> Item:
    """Accept the request at triage. Agreeing the scope comes next."""
    return await carry_out(call, item_id, KIND, AcceptRequest)


@router.post("/requests/{item_id}/decline", summary="Decline a request", responses=COMMAND)
async def decline_request(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Decline the request at triage. The member gets the reason, and the request closes."""
    return await carry_out(call, item_id, KIND, DeclineRequest, texts={"reason": body.reason})


@router.post("/requests/{item_id}/ask", summary="Ask the member", responses=COMMAND)
async def ask_member(item_id: Id, body: Question, call: Commanded) -> Item:
    """Ask the member a question at triage. The member answers next."""
    return await carry_out(call, item_id, KIND, AskMember, texts={"question": body.question})


@router.post("/requests/{item_id}/answer", summary="Answer the question", responses=COMMAND)
async def answer_question(item_id: Id, body: Written, call: Commanded) -> Item:
    """Answer the office's question for the member. Triage continues."""
    return await carry_out(call, item_id, KIND, AnswerQuestion, texts={"text": body.note()})


@router.post("/requests/{item_id}/scope", summary="Agree the scope", responses=COMMAND)
async def agree_scope(item_id: Id, body: Scope, call: Commanded) -> Item:
    """Agree what will be delivered, in which form, and when. Assigning a researcher comes next."""
    return await carry_out(
        call,
        item_id,
        KIND,
        AgreeScope,
        texts={"text": body.text},
        values={"format": body.format, "due": body.due},
    )


@router.post("/requests/{item_id}/assign", summary="Assign a researcher", responses=COMMAND)
async def assign_request(item_id: Id, body: Assignment, call: Commanded) -> Item:
    """Assign a researcher, or another one while the work is being drafted."""
    taken = await commands.assign_request(
        call.backend, call.actor, item_id, body.researcher, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/requests/{item_id}/deliver", summary="Deliver the work", responses=COMMAND)
async def deliver_request(item_id: Id, body: Written, call: Commanded) -> Item:
    """Deliver the work to the member, who accepts or returns it."""
    return await carry_out(call, item_id, KIND, DeliverRequest, texts={"text": body.note()})


@router.post("/requests/{item_id}/accept-delivery", summary="Accept the work", responses=COMMAND)
async def accept_delivery(item_id: Id, call: Commanded) -> Item:
    """Accept the work for the member. Feedback comes next."""
    return await carry_out(call, item_id, KIND, AcceptDelivery)


@router.post("/requests/{item_id}/return", summary="Return the work", responses=COMMAND)
async def return_delivery(item_id: Id, body: Comments, call: Commanded) -> Item:
    """Return the work for changes, as often as needed."""
    return await carry_out(call, item_id, KIND, ReturnDelivery, texts={"comments": body.comments})


@router.post("/requests/{item_id}/feedback", summary="Give feedback", responses=COMMAND)
async def give_feedback(item_id: Id, body: Feedback, call: Commanded) -> Item:
    """Say how useful the work was. The request closes."""
    return await carry_out(
        call, item_id, KIND, GiveFeedback, texts={"text": body.text}, values={"score": body.score}
    )


@router.post("/requests/{item_id}/withdraw", summary="Withdraw a request", responses=COMMAND)
async def withdraw_request(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Withdraw a request that the member no longer needs. It closes at any stage."""
    return await carry_out(call, item_id, KIND, WithdrawRequest, texts={"reason": body.reason})
