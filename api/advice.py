"""Advice cycles: dates, session, notes, and agreed actions until they are done."""

from typing import Annotated

from fastapi import Request
from pydantic import Field, field_validator

from api.answers import COMMAND, FOUND, READ, Cursor, Limit
from api.fields import (
    Body,
    Day,
    Id,
    Instant,
    Key,
    OptionalText,
    Paragraphs,
    Reason,
    Written,
    shown,
    wrong,
)
from api.guard import Commanded, Read, guarded_router
from api.items import carry_out, item_state, items_of
from services import items as commands
from services.views.items import Item, ListedItem, item
from services.views.rows import Page
from workflows.messages import (
    CloseCycle,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    MissSession,
    ProposeDates,
    SendAgenda,
)

router = guarded_router("Advice cycles")

KIND = "advice"


class Dates(Body):
    """The dates that an adviser offers for a session."""

    model_config = shown(dates=["2027-04-20T10:00:00Z", "2027-04-22T13:30:00Z"])
    dates: Annotated[
        list[Instant], Field(min_length=1, max_length=5, json_schema_extra={"uniqueItems": True})
    ]

    @field_validator("dates")
    @classmethod
    def _distinct(cls, dates: list[Instant]) -> list[Instant]:
        if len(set(dates)) < len(dates):
            raise wrong("repeated")
        return dates


class Choice(Body):
    """Which of the dates suits: 0 is the first."""

    model_config = shown(choice=1)
    choice: Annotated[int, Field(ge=0, le=4)]


class Held(Body):
    """The day on which a session was held, if it was not the agreed day."""

    model_config = shown(held_on="2027-04-22")
    held_on: Day | None = None


class NewAction(Body):
    """An action that was agreed in a session."""

    model_config = shown(text="Share the procurement data.", owner="lead", due="2027-05-14")
    text: Paragraphs
    owner: Key = Field(description="`lead`, `adviser`, `manager`, or a person's or contact's id.")
    due: Day


class Notes(Body):
    """The notes of a session, and the agreed actions."""

    model_config = shown(
        text="We agreed to start with procurement.",
        actions=[{"text": "Share the data.", "owner": "lead", "due": "2027-05-14"}],
    )
    text: Paragraphs
    actions: Annotated[list[NewAction], Field(max_length=20)] = Field(default=[])


@router.get(
    "/engagements/{engagement_id}/advice", summary="List advice cycles", responses=READ | FOUND
)
async def list_cycles(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """List the advice cycles of an engagement, the newest first."""
    return await items_of(call, request, engagement_id, KIND, cursor, limit)


@router.get("/advice/{item_id}", summary="Show an advice cycle", responses=READ | FOUND)
async def show_cycle(item_id: Id, call: Read) -> Item:
    """Show an advice cycle with its dates, notes and actions."""
    return await item(call.backend, call.actor, item_id, KIND)


@router.post("/advice/{item_id}/propose", summary="Propose dates", responses=COMMAND)
async def propose_dates(item_id: Id, body: Dates, call: Commanded) -> Item:
    """Offer one to five dates for the session; the member confirms one. New dates replace old."""
    return await carry_out(call, item_id, KIND, ProposeDates, values={"dates": tuple(body.dates)})


@router.post("/advice/{item_id}/confirm", summary="Confirm a date", responses=COMMAND)
async def confirm_date(item_id: Id, body: Choice, call: Commanded) -> Item:
    """Choose the proposed date that suits the member."""
    return await carry_out(call, item_id, KIND, ConfirmDate, values={"choice": body.choice})


@router.post("/advice/{item_id}/agenda", summary="Send the agenda", responses=COMMAND)
async def send_agenda(item_id: Id, body: Written, call: Commanded) -> Item:
    """Send the session's agenda to all contacts of the member."""
    return await carry_out(call, item_id, KIND, SendAgenda, texts={"text": body.note()})


@router.post("/advice/{item_id}/hold", summary="Record that it was held", responses=COMMAND)
async def hold_session(item_id: Id, body: Held, call: Commanded) -> Item:
    """Record that the session took place, on the agreed day or another. Notes come next."""
    return await carry_out(call, item_id, KIND, HoldSession, values={"held_on": body.held_on})


@router.post("/advice/{item_id}/miss", summary="Record that it was missed", responses=COMMAND)
async def miss_session(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Record that the session did not take place. New dates come next."""
    return await carry_out(call, item_id, KIND, MissSession, texts={"reason": body.reason})


@router.post("/advice/{item_id}/notes", summary="Record notes and actions", responses=COMMAND)
async def record_notes(item_id: Id, body: Notes, call: Commanded) -> Item:
    """Record what was said, and who does what by when. Each action gets reminders until done."""
    actions = [commands.NewAction(one.text, one.owner, one.due) for one in body.actions]
    taken = await commands.record_notes(
        call.backend, call.actor, item_id, commands.Note(body.text), actions, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post(
    "/advice/{item_id}/actions/{action}/complete",
    summary="Complete an action",
    responses=COMMAND,
)
async def complete_action(item_id: Id, action: Id, body: OptionalText, call: Commanded) -> Item:
    """Complete an agreed action. A member completes its own. The last one closes the cycle."""
    return await carry_out(
        call,
        item_id,
        KIND,
        CompleteAction,
        texts={"text": body.text},
        task=f"action:{action}",
        values={"action": action},
    )


@router.post("/advice/{item_id}/close", summary="Close a cycle", responses=COMMAND)
async def close_cycle(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Close a cycle that leads to nothing more. Its open actions are dropped."""
    return await carry_out(call, item_id, KIND, CloseCycle, texts={"reason": body.reason})
