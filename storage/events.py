"""Appends events that no workflow decided: facts about items, and the audit trail of master data.

A workflow numbers its own facts from 1. Facts from outside (an answer by email, a change of
manager) are on the same timeline, under numbers below zero. The audit trail says who changed which
row of master data, and when; never its values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, events


@dataclass(frozen=True)
class Aside:
    """A fact from outside the workflow."""

    engagement_id: str
    item_id: str
    kind: str
    by: str
    data: Mapping[str, str] = field(default_factory=dict)
    text_id: str | None = None


async def append_aside(session: AsyncSession, aside: Aside, now: datetime, *more: Aside) -> int:
    """Append a fact, with ``more`` of the same item under the same number; returns that number.

    Locks the engagement, so that two facts get different numbers.
    """
    await session.execute(
        select(engagements.c.id).where(engagements.c.id == aside.engagement_id).with_for_update()
    )
    lowest = select(func.min(events.c.sequence)).where(events.c.item_id == aside.item_id)
    sequence = min((await session.execute(lowest)).scalar_one() or 0, 0) - 1
    rows = [
        {
            "engagement_id": one.engagement_id,
            "item_id": one.item_id,
            "sequence": sequence,
            "position": position,
            "kind": one.kind,
            "actor": one.by,
            "at": now,
            "data": dict(one.data),
            "text_id": one.text_id,
        }
        for position, one in enumerate((aside, *more))
    ]
    await session.execute(insert(events), rows)
    return sequence


async def said_since(session: AsyncSession, item_id: str, kind: str, since: datetime) -> bool:
    """Whether an item's timeline has a fact of this kind after an instant."""
    c = events.c
    query = select(c.id).where(c.item_id == item_id, c.kind == kind, c.at > since).limit(1)
    return (await session.execute(query)).first() is not None


async def note(
    session: AsyncSession,
    kind: str,
    row_id: str,
    by: str,
    now: datetime,
    data: Mapping[str, str] | None = None,
) -> None:
    """Append one event about a row, numbered by row.

    Change the row first. That locks it, so that two changes of one row get different numbers.
    """
    last = select(func.coalesce(func.max(events.c.sequence), 0)).where(
        events.c.item_id == row_id, events.c.engagement_id.is_(None)
    )
    await session.execute(
        insert(events).values(
            engagement_id=None,
            item_id=row_id,
            sequence=last.scalar_subquery() + 1,
            position=0,
            kind=kind,
            actor=by,
            at=now,
            data=dict(data or {}),
            text_id=None,
        )
    )


def fields(**changed: object) -> dict[str, str]:
    """The names of the given fields, for the event. Their values may be personal data."""
    names = sorted(name for name, value in changed.items() if value is not None)
    return {"fields": ",".join(names)}
