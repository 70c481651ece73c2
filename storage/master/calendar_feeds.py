"""The secret address of a calendar: shown once, kept as a hash, ended by making another or none."""

import secrets
from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.master.audit import note
from storage.master.flaws import Missing
from storage.master.tokens import hash_of, role_of
from storage.sql import calendar_feeds

PREFIX = "mp_cal_"
"""Secret scanners, and our own logs, take it for a token of Milepost; it opens nothing else."""


async def make_feed(session: AsyncSession, by: str, now: datetime, holder_id: str) -> str:
    """A new secret for an active contact or person; the one before opens nothing any more.

    The only time that it is known. Raises ``Missing``.
    """
    if await role_of(session, holder_id) is None:
        raise Missing(holder_id)
    await session.execute(delete(calendar_feeds).where(calendar_feeds.c.holder_id == holder_id))
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {"holder_id": holder_id, "sha256": hash_of(secret), "made_at": now}
    await session.execute(insert(calendar_feeds).values(row))
    await note(session, "calendar_feed.made", holder_id, by, now)
    return secret


async def end_feed(session: AsyncSession, by: str, now: datetime, holder_id: str) -> bool:
    """Let the address open nothing any more; ``False`` where there was none."""
    ended = await session.execute(
        delete(calendar_feeds)
        .where(calendar_feeds.c.holder_id == holder_id)
        .returning(calendar_feeds.c.holder_id)
    )
    if ended.one_or_none() is None:
        return False
    await note(session, "calendar_feed.ended", holder_id, by, now)
    return True
