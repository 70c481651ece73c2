"""Versions of programmes: added, never changed."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.master.audit import note
from storage.master.checks import Missing, flaw, reject_any
from storage.sql import insert_or_ignore, people, programme_funders, programmes


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


_VIEWER = "viewer"


async def set_funders(
    session: AsyncSession, by: str, now: datetime, programme_id: str, person_ids: Sequence[str]
) -> None:
    """Name all of them at once, whatever the programme's version. Whoever is new has to be an
    active viewer. Where nothing changes nothing happens. Raises ``Missing`` and ``Rejected``."""
    known = select(programmes.c.id).where(programmes.c.id == programme_id).with_for_update()
    if not (await session.execute(known)).all():
        raise Missing(programme_id)
    c, wanted = programme_funders.c, dict.fromkeys(person_ids)
    named = select(c.person_id).where(c.programme_id == programme_id)
    before = set((await session.execute(named)).scalars())
    query = select(people.c.id, people.c.role).where(people.c.id.in_(wanted), people.c.active)
    roles = {row.id: row.role for row in await session.execute(query)}
    reject_any(
        [
            flaw("not_a_viewer", f"people/{n}", person=one)
            for n, one in enumerate(person_ids)
            if one not in before and roles.get(one) != _VIEWER
        ]
    )
    if before == set(wanted):
        return
    await session.execute(delete(programme_funders).where(c.programme_id == programme_id))
    if wanted:
        rows = [{"programme_id": programme_id, "person_id": one} for one in wanted]
        await session.execute(insert(programme_funders), rows)
    await note(session, "programme.funders_changed", programme_id, by, now)
