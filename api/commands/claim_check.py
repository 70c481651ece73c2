"""What people write is stored first and travels as an id; a refused command's is dropped."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.commands.dispatch import reachable
from api.desk import Desk
from api.permissions import Actor
from api.problems import Problem
from storage import master
from storage.ids import derived_id, new_id


@dataclass(frozen=True)
class Note:
    """Something written, with a link where there is one."""

    body: str
    title: str = ""
    link: str = ""


@asynccontextmanager
async def written(
    desk: Desk, actor: Actor, key: str | None, **notes: Note | str | None
) -> AsyncIterator[Mapping[str, str]]:
    """Ids of the stored notes by name; those that are ``None`` have none.

    They are dropped again where the command is refused or cannot have been sent. Where it is not
    certain that Temporal did not take it, they stay: a text without a command does no harm, a
    command without its text would.
    """
    await reachable(desk)
    ids: dict[str, str] = {}
    async with desk.database.transaction() as session:
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
                now=desk.now(),
            )
    try:
        yield ids
    except Problem as problem:
        if problem.name in {"refused", "closed"}:
            async with desk.database.transaction() as session:
                for text_id in ids.values():
                    await master.drop_text(session, text_id, now=desk.now())
        raise
