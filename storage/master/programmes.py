"""Adds versions of programmes, and sets who reads for the funder. A version never changes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.loader import load_definition
from programmes.problems import DefinitionErrors, Flaw
from storage.database import insert_or_ignore
from storage.events import note
from storage.master.checks import Missing, Rejected, reject_any
from storage.sql import people, programme_funders, programmes


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
    """Store a version; ``False`` if the same content is stored already.

    Comments and line ends are no content. Raises ``Rejected`` if the version has other content,
    because engagements run on it.
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
    stored = await session.scalar(select(c.source).where(c.id == id, c.version == version))
    if stored != source and not await asyncio.to_thread(_say_the_same, str(stored), source):
        what = f"Version {version} of “{id}” is already stored, with other content."
        fix = "Give the changed definition a higher version: engagements run on the stored one."
        raise Rejected(Flaw(what, fix, "version_taken", "version"))
    return False


def _say_the_same(one: str, other: str) -> bool:
    try:
        return load_definition(one, "stored") == load_definition(other, "given")
    except DefinitionErrors:
        return False


_VIEWER = "viewer"


async def set_funders(
    session: AsyncSession, by: str, now: datetime, programme_id: str, person_ids: Sequence[str]
) -> None:
    """Set the people who read for the funder, for every version of a programme. A new one must be
    an active viewer. Raises ``Missing`` and ``Rejected``."""
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
            Flaw(
                f"“{one}” is not an active viewer, and only a viewer reads for a funder.",
                "Give the id of an active person with the role viewer.",
                "not_a_viewer",
                f"people/{n}",
            )
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
