"""What people write is stored first and travels as an id; a refused command's is dropped."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from services.access import item_in_reach
from services.backend import Backend
from services.dispatch import reachable, send, unavailable
from services.permissions import Actor
from services.problems import Problem
from storage import master
from storage.ids import derived_id, new_id
from storage.queries.access import ItemPlace, has_closed
from workflows.ids import item_workflow_id
from workflows.messages import Answer, MoveDeadline


@dataclass(frozen=True)
class Note:
    """Something written, with a link where there is one."""

    body: str
    title: str = ""
    link: str = ""


@asynccontextmanager
async def written(
    backend: Backend, actor: Actor, key: str | None, **notes: Note | str | None
) -> AsyncIterator[Mapping[str, str]]:
    """Ids of the stored notes by name; those that are ``None`` have none.

    They are dropped again where the command is refused or cannot have been sent. Where it is not
    certain that Temporal did not take it, they stay: a text without a command does no harm, a
    command without its text would.
    """
    await reachable(backend)
    ids: dict[str, str] = {}
    async with backend.database.transaction() as session:
        for name, note in notes.items():
            if note is None:
                continue
            ids[name] = derived_id("txt", actor.holder_id, key, name) if key else new_id("txt")
            given = note if isinstance(note, Note) else Note(note)
            await master.store_text(
                session,
                id=ids[name],
                body=given.body,
                title=given.title,
                link=given.link,
                author_id=actor.holder_id,
                now=backend.now(),
            )
    try:
        yield ids
    except Problem as problem:
        if problem.name in {"refused", "closed"}:
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
            # It was opened a moment ago: its record is there before its workflow is.
            raise unavailable() from problem
        raise


async def _has_closed(backend: Backend, item_id: str) -> bool:
    async with backend.database.reading() as session:
        return await has_closed(session, item_id)


async def move_deadline(
    backend: Backend,
    actor: Actor,
    item_id: str,
    task: str,
    due: date,
    reason: str | None = None,
    *,
    key: str | None = None,
) -> Answer | None:
    """Move an open task; its reminders follow and its owner hears of it."""
    place = await item_in_reach(backend, actor, "move_deadline", item_id)
    async with written(backend, actor, key, reason=reason) as texts:
        command = MoveDeadline(actor.holder_id, task, due, texts.get("reason"))
        return await send_to_item(backend, actor, place, command, key)
