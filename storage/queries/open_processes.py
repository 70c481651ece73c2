"""What is open, engagements and items alike: the longest overdue first, for those who look closely.

What stands still falls overdue, since it takes neither commands nor its own dates any more.
"""

from dataclasses import dataclass

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, items, tasks


@dataclass(frozen=True)
class OpenProcess:
    """An engagement, or one of its items."""

    engagement_id: str
    kind: str = ""
    item_id: str = ""


@dataclass(frozen=True)
class OpenProcesses:
    """The first of them, and how many there are in all."""

    first: tuple[OpenProcess, ...]
    total: int


async def open_processes(session: AsyncSession, limit: int) -> OpenProcesses:
    """At most ``limit`` of them; also those whose opening is not on record yet. One statement."""
    nothing = literal("")
    due = select(func.min(tasks.c.due_at)).where(tasks.c.item_id == items.c.id).scalar_subquery()
    found = union_all(
        select(
            engagements.c.id.label("engagement_id"),
            nothing.label("kind"),
            nothing.label("item_id"),
            engagements.c.due_at.label("due_at"),
        ).where(engagements.c.closed_at.is_(None)),
        select(items.c.engagement_id, items.c.kind, items.c.id, due).where(
            items.c.closed_at.is_(None)
        ),
    ).subquery()
    c = found.c
    statement = (
        select(c.engagement_id, c.kind, c.item_id, func.count().over().label("total"))
        .order_by(c.due_at.is_(None), c.due_at, c.engagement_id, c.item_id)
        .limit(limit)
    )
    rows = (await session.execute(statement)).all()
    return OpenProcesses(
        tuple(OpenProcess(row.engagement_id, row.kind, row.item_id) for row in rows),
        rows[0].total if rows else 0,
    )
