"""Advice cycles: dates, session, notes, and agreed actions until they are done."""

from fastapi import Request

from api.answers import COMMAND, FOUND, READ, Cursor, Limit, item_state
from api.bodies import Choice, Dates, Held, Notes, OptionalText, Reason, Written
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from api.item_lists import items_of
from services import advice as commands
from services.items import Note
from services.views import items as shown
from services.views.rows import Item, ListedItem, Page

router = guarded_router("Advice cycles")


@router.get(
    "/engagements/{engagement_id}/advice", summary="List advice cycles", responses=READ | FOUND
)
async def list_cycles(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedItem]:
    """The advice cycles of an engagement, the newest first."""
    return await items_of(call, request, engagement_id, commands.KIND, cursor, limit)


@router.get("/advice/{item_id}", summary="Show an advice cycle", responses=READ | FOUND)
async def show_cycle(item_id: Id, call: Read) -> Item:
    """An advice cycle with its dates, notes and actions."""
    return await shown.item(call.backend, call.actor, item_id, commands.KIND)


@router.post("/advice/{item_id}/propose", summary="Propose dates", responses=COMMAND)
async def propose_dates(item_id: Id, body: Dates, call: Commanded) -> Item:
    """One to five dates for the session; the member confirms one. New ones replace old ones."""
    taken = await commands.propose_dates(
        call.backend, call.actor, item_id, body.dates, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/confirm", summary="Confirm a date", responses=COMMAND)
async def confirm_date(item_id: Id, body: Choice, call: Commanded) -> Item:
    """Which of the proposed dates suits the member."""
    taken = await commands.confirm_date(
        call.backend, call.actor, item_id, body.choice, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/agenda", summary="Send the agenda", responses=COMMAND)
async def send_agenda(item_id: Id, body: Written, call: Commanded) -> Item:
    """What the session will be about; all contacts of the member get it."""
    agenda = Note(body.text, body.title or "", body.link)
    taken = await commands.send_agenda(call.backend, call.actor, item_id, agenda, key=call.key)
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/hold", summary="Record that it was held", responses=COMMAND)
async def hold_session(item_id: Id, body: Held, call: Commanded) -> Item:
    """The session took place, on the agreed day or on another. Notes come next."""
    taken = await commands.hold_session(
        call.backend, call.actor, item_id, body.held_on, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/miss", summary="Record that it was missed", responses=COMMAND)
async def miss_session(item_id: Id, body: Reason, call: Commanded) -> Item:
    """The session did not take place. New dates come next."""
    taken = await commands.miss_session(
        call.backend, call.actor, item_id, body.reason, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/notes", summary="Record notes and actions", responses=COMMAND)
async def record_notes(item_id: Id, body: Notes, call: Commanded) -> Item:
    """What was said, and who does what by when. Each action is chased until it is done."""
    actions = [commands.NewAction(one.text, one.owner, one.due) for one in body.actions]
    taken = await commands.record_notes(
        call.backend, call.actor, item_id, Note(body.text), actions, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post(
    "/advice/{item_id}/actions/{action}/complete",
    summary="Complete an action",
    responses=COMMAND,
)
async def complete_action(item_id: Id, action: Id, body: OptionalText, call: Commanded) -> Item:
    """An agreed action is done. A member completes its own. The cycle closes with the last one."""
    taken = await commands.complete_action(
        call.backend, call.actor, item_id, action, body.text, key=call.key
    )
    return await item_state(call, item_id, taken)


@router.post("/advice/{item_id}/close", summary="Close a cycle", responses=COMMAND)
async def close_cycle(item_id: Id, body: Reason, call: Commanded) -> Item:
    """Nothing more comes of it, for a reason. Its open actions are dropped."""
    taken = await commands.close_cycle(call.backend, call.actor, item_id, body.reason, key=call.key)
    return await item_state(call, item_id, taken)
