"""Versions of programmes: added, never changed."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.master.audit import note
from storage.master.flaws import flaw, reject_any
from storage.sql import insert_or_ignore, programmes


async def add_programme(
    session: AsyncSession,
    by: str,
    now: datetime,
    *,
    id: str,
    version: int,
    title: str,
    source: str,
) -> bool:
    """Store a version; ``False`` where exactly this is stored already.

    Raises ``Rejected`` where the version is there with other content: engagements run on it.
    """
    content = sha256(source.encode()).hexdigest()
    row = {
        "id": id,
        "version": version,
        "sha256": content,
        "title": title,
        "source": source,
        "created_at": now,
    }
    if await insert_or_ignore(session, programmes, [row]):
        await note(session, "programme.added", f"{id}/{version}", by, now)
        return True
    c = programmes.c
    stored = await session.scalar(select(c.sha256).where(c.id == id, c.version == version))
    if stored != content:
        reject_any([flaw("version_taken", "version", version=version, programme=id)])
    return False
