"""Facts about an item that its workflow did not decide, numbered below zero.

A workflow numbers its own facts from 1 and alone. What comes from outside (an answer by email) is
on the same timeline, under numbers that no workflow ever gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, events


@dataclass(frozen=True)
class Aside:
    """What happened, beside the workflow."""

    engagement_id: str
    item_id: str
    kind: str
    by: str
    data: Mapping[str, str] = field(default_factory=dict)
    text_id: str | None = None


async def append_aside(session: AsyncSession, aside: Aside, now: datetime) -> int:
    """Append it; its number. The engagement is locked, so that two are numbered one by one."""
    await session.execute(
        select(engagements.c.id).where(engagements.c.id == aside.engagement_id).with_for_update()
    )
    lowest = select(func.min(events.c.sequence)).where(events.c.item_id == aside.item_id)
    sequence = min((await session.execute(lowest)).scalar_one() or 0, 0) - 1
    await session.execute(
        insert(events).values(
            engagement_id=aside.engagement_id,
            item_id=aside.item_id,
            sequence=sequence,
            position=0,
            kind=aside.kind,
            actor=aside.by,
            at=now,
            data=dict(aside.data),
            text_id=aside.text_id,
        )
    )
    return sequence


async def said_since(session: AsyncSession, item_id: str, kind: str, since: datetime) -> bool:
    """Whether a fact of this kind is on an item's timeline, later than an instant."""
    c = events.c
    query = select(c.id).where(c.item_id == item_id, c.kind == kind, c.at > since).limit(1)
    return (await session.execute(query)).first() is not None
