"""Stores texts that people write, before the command that carries their id (claim check)."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_or_ignore
from storage.events import note
from storage.sql import engagements, events, inbound_messages, notifications, tasks, texts

REFERRING = (
    events.c.text_id,
    tasks.c.text_id,
    notifications.c.text_id,
    engagements.c.reason,
    inbound_messages.c.text_id,
)
"""Every column that refers to a text. A text in an item's ``data`` is included, because it also
came with a fact."""


async def store_text(
    session: AsyncSession,
    *,
    id: str,
    body: str,
    author_id: str,
    now: datetime,
    title: str = "",
    link: str = "",
) -> str:
    """Store a text under the caller's id; returns its hash.

    A text from an earlier, failed attempt is replaced. A text that a record refers to stays as it
    is.
    """
    content = sha256(json.dumps([title, body, link]).encode()).hexdigest()
    row = {
        "id": id,
        "sha256": content,
        "body": body,
        "title": title,
        "link": link,
        "author_id": author_id,
        "created_at": now,
    }
    if await insert_or_ignore(session, texts, [row]):
        await note(session, "text.stored", id, author_id, now)
    else:
        await session.execute(
            update(texts)
            .where(texts.c.id == id, texts.c.sha256 != content, ~_referred_to(id))
            .values(row)
        )
    return content


async def drop_text(session: AsyncSession, text_id: str, now: datetime | None = None) -> bool:
    """Remove a text whose command was refused; ``False`` if a record refers to it.

    The event is at ``now``, which is the present instant by default.
    """
    c = texts.c
    gone = await session.execute(
        delete(texts).where(c.id == text_id, ~_referred_to(text_id)).returning(c.author_id)
    )
    author = gone.scalar_one_or_none()
    if author is None:
        return False
    await note(session, "text.dropped", text_id, author, now or datetime.now(UTC))
    return True


def _referred_to(text_id: str) -> ColumnElement[bool]:
    return or_(*(exists(select(column).where(column == text_id)) for column in REFERRING))
