"""Commands to an advice cycle: dates, session, notes, and the actions that were agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.access import item_in_reach, require_owner
from services.backend import Backend
from services.items import Note, send_to_item, written
from services.permissions import Actor
from storage.ids import derived_id, new_id
from workflows.messages import (
    AgreedAction,
    Answer,
    CloseCycle,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    MissSession,
    ProposeDates,
    RecordNotes,
    SendAgenda,
)

KIND = "advice"

Taken = Answer | None


@dataclass(frozen=True)
class NewAction:
    """Who does what by when."""

    text: str
    owner: str
    due: date


async def propose_dates(
    backend: Backend,
    actor: Actor,
    cycle_id: str,
    dates: Sequence[datetime],
    *,
    key: str | None = None,
) -> Taken:
    """The adviser offers dates for the session."""
    place = await item_in_reach(backend, actor, "propose_dates", cycle_id, KIND)
    command = ProposeDates(actor.holder_id, tuple(dates))
    return await send_to_item(backend, actor, place, command, key)


async def confirm_date(
    backend: Backend, actor: Actor, cycle_id: str, choice: int, *, key: str | None = None
) -> Taken:
    """The member chooses one of them; ``choice`` counts from 0."""
    place = await item_in_reach(backend, actor, "confirm_date", cycle_id, KIND)
    return await send_to_item(backend, actor, place, ConfirmDate(actor.holder_id, choice), key)


async def send_agenda(
    backend: Backend, actor: Actor, cycle_id: str, agenda: Note, *, key: str | None = None
) -> Taken:
    """All contacts of the member get the agenda."""
    place = await item_in_reach(backend, actor, "send_agenda", cycle_id, KIND)
    async with written(backend, actor, key, agenda=agenda) as texts:
        command = SendAgenda(actor.holder_id, texts["agenda"])
        return await send_to_item(backend, actor, place, command, key)


async def hold_session(
    backend: Backend,
    actor: Actor,
    cycle_id: str,
    held_on: date | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """It took place, on the agreed day or on another."""
    place = await item_in_reach(backend, actor, "hold_session", cycle_id, KIND)
    return await send_to_item(backend, actor, place, HoldSession(actor.holder_id, held_on), key)


async def miss_session(
    backend: Backend, actor: Actor, cycle_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """It did not take place: new dates are needed."""
    place = await item_in_reach(backend, actor, "miss_session", cycle_id, KIND)
    async with written(backend, actor, key, reason=reason) as texts:
        command = MissSession(actor.holder_id, texts["reason"])
        return await send_to_item(backend, actor, place, command, key)


async def record_notes(
    backend: Backend,
    actor: Actor,
    cycle_id: str,
    notes: Note,
    actions: Sequence[NewAction] = (),
    *,
    key: str | None = None,
) -> Taken:
    """What was said and agreed."""
    place = await item_in_reach(backend, actor, "record_notes", cycle_id, KIND)
    for number, action in enumerate(actions):
        await require_owner(backend, action.owner, place.member_id, f"#/actions/{number}/owner")
    spoken = {f"action-{number}": action.text for number, action in enumerate(actions)}
    async with written(backend, actor, key, notes=notes, **spoken) as texts:
        agreed = tuple(
            AgreedAction(
                # Actions are carried into later cycles, so their ids are good for all of them.
                id=derived_id("act", actor.holder_id, key, name) if key else new_id("act"),
                text=texts[name],
                owner=action.owner,
                due=action.due,
            )
            for name, action in zip(spoken, actions, strict=True)
        )
        command = RecordNotes(actor.holder_id, texts["notes"], agreed)
        return await send_to_item(backend, actor, place, command, key)


async def complete_action(
    backend: Backend,
    actor: Actor,
    cycle_id: str,
    action: str,
    remark: str | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """An agreed action is done. A member completes its own actions alone."""
    place = await item_in_reach(
        backend, actor, "complete_action", cycle_id, KIND, f"action:{action}"
    )
    async with written(backend, actor, key, remark=remark) as texts:
        command = CompleteAction(actor.holder_id, action, texts.get("remark"))
        return await send_to_item(backend, actor, place, command, key)


async def close_cycle(
    backend: Backend, actor: Actor, cycle_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """Nothing more comes of it; its open actions are dropped."""
    place = await item_in_reach(backend, actor, "close_cycle", cycle_id, KIND)
    async with written(backend, actor, key, reason=reason) as texts:
        command = CloseCycle(actor.holder_id, texts["reason"])
        return await send_to_item(backend, actor, place, command, key)
