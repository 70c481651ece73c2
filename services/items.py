"""Commands to items. Texts are stored first, and travel to the workflow as ids."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from programmes.problems import meant
from services.backend import Backend
from services.dispatch import reachable, send, unavailable
from services.permissions import (
    Actor,
    engagement_in_reach,
    item_in_reach,
    require_owner,
    require_worker,
)
from services.problems import Problem, wrong_value
from storage import master
from storage.database import derived_id, new_id
from storage.queries.access import ItemPlace, Place, has_closed
from workflows.ids import command_name, engagement_workflow_id, item_workflow_id, scheduled_item_id
from workflows.messages import AgreedAction, Answer, AssignRequest, OpenRequest, RecordNotes

Taken = Answer | None
"""The state after a command, or ``None`` if it is taken and its record takes longer."""


@dataclass(frozen=True)
class Note:
    """A text, with a link if there is one."""

    body: str
    title: str = ""
    link: str = ""


Texts = Mapping[str, Note | str | None]
"""Texts, by the name of the command's field that carries the id."""


@dataclass(frozen=True)
class NewAction:
    """An agreed action: who does what by when."""

    text: str
    owner: str
    due: date


async def command_item(
    backend: Backend,
    actor: Actor,
    item_id: str,
    kind: str,
    message: type,
    *,
    texts: Texts | None = None,
    values: Mapping[str, object] | None = None,
    task: str = "",
    key: str | None = None,
) -> Taken:
    """Send a command to an item of that kind. An empty ``kind`` stands for any kind.

    ``values`` and the ids of ``texts`` fill the message. The permission has the message's name.
    ``task`` names the task whose owner may give the command. Raises ``not-found``, ``forbidden``,
    ``not-yours``, ``refused``, ``closed`` and ``unavailable``.
    """
    place = await item_in_reach(backend, actor, command_name(message), item_id, kind, task)
    async with written(backend, actor, key, texts or {}) as ids:
        command = message(by=actor.holder_id, **(values or {}), **ids)
        return await send_to_item(backend, actor, place, command, key)


async def submit_request(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    request: Note,
    *,
    theme: str = "",
    key: str | None = None,
) -> tuple[str, Taken]:
    """Open a research request and give its id, which is the same for the same key."""
    place = await engagement_in_reach(backend, actor, "submit_request", engagement_id)
    if theme:
        await _require_theme(backend, place, theme)
    item_id = derived_id("itm", actor.holder_id, key) if key else new_id("itm")
    async with written(backend, actor, key, {"text": request}) as ids:
        command = OpenRequest(actor.holder_id, item_id, ids["text"], theme)
        address = engagement_workflow_id(place.engagement_id)
        return item_id, await send(backend, address, command, actor.holder_id, key)


async def assign_request(
    backend: Backend, actor: Actor, request_id: str, researcher_id: str, *, key: str | None = None
) -> Taken:
    """Give a request to a researcher. Raises ``invalid`` for a person who cannot do research."""
    place = await item_in_reach(backend, actor, "assign_request", request_id, "research")
    await require_worker(backend, researcher_id, "researcher", "#/researcher")
    command = AssignRequest(actor.holder_id, researcher_id)
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
    """Write down a session and its agreed actions. Raises ``invalid`` for an unknown owner."""
    place = await item_in_reach(backend, actor, "record_notes", cycle_id, "advice")
    for number, action in enumerate(actions):
        await require_owner(backend, action.owner, place.member_id, f"#/actions/{number}/owner")
    spoken = {f"action-{number}": action.text for number, action in enumerate(actions)}
    async with written(backend, actor, key, {"notes": notes, **spoken}) as ids:
        agreed = tuple(
            AgreedAction(
                # Actions are carried into later cycles, so their ids are good for all of them.
                id=derived_id("act", actor.holder_id, key, name) if key else new_id("act"),
                text=ids[name],
                owner=action.owner,
                due=action.due,
            )
            for name, action in zip(spoken, actions, strict=True)
        )
        command = RecordNotes(actor.holder_id, ids["notes"], agreed)
        return await send_to_item(backend, actor, place, command, key)


def onboarding_id(engagement_id: str) -> str:
    """The id of the item that every engagement opens first."""
    return scheduled_item_id(engagement_id, "onboarding", "onboarding")


async def _require_theme(backend: Backend, place: Place, theme: str) -> None:
    voice = await backend.definitions.voice(place.programme_id, place.programme_version)
    known = voice.titles.themes
    if theme not in known:
        fix = meant(theme, known)
        raise wrong_value("theme", "#/theme", fix=f"{fix[:1].upper()}{fix[1:]}")


@asynccontextmanager
async def written(
    backend: Backend, actor: Actor, key: str | None, notes: Texts
) -> AsyncIterator[Mapping[str, str]]:
    """Store notes, and give their ids by name; a note that is ``None`` has none.

    A refused command drops its notes again. They stay if Temporal may have taken the command,
    because a command must not lose its text.
    """
    await reachable(backend)
    given = {
        name: note if isinstance(note, Note) else Note(note)
        for name, note in notes.items()
        if note is not None
    }
    ids = {
        name: derived_id("txt", actor.holder_id, key, name) if key else new_id("txt")
        for name in given
    }
    if given:
        async with backend.database.transaction() as session:
            for name, note in given.items():
                await master.store_text(
                    session,
                    id=ids[name],
                    body=note.body,
                    title=note.title,
                    link=note.link,
                    author_id=actor.holder_id,
                    now=backend.now(),
                )
    try:
        yield ids
    except Problem as problem:
        if ids and problem.name in {"refused", "closed"}:
            async with backend.database.transaction() as session:
                for text_id in ids.values():
                    await master.drop_text(session, text_id, now=backend.now())
        raise


async def send_to_item(
    backend: Backend, actor: Actor, place: ItemPlace, command: object, key: str | None
) -> Answer | None:
    """Send ``command`` to the workflow of the item at ``place``."""
    address = item_workflow_id(place.engagement_id, place.kind, place.item_id)
    try:
        return await send(backend, address, command, actor.holder_id, key)
    except Problem as problem:
        if problem.name == "closed" and not await _has_closed(backend, place.item_id):
            # The item opened a moment ago: its record exists before its workflow does.
            raise unavailable() from problem
        raise


async def _has_closed(backend: Backend, item_id: str) -> bool:
    async with backend.database.reading() as session:
        return await has_closed(session, item_id)
