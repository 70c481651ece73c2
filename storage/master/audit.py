"""The audit trail of master data: who changed which row, and when; never its values."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import events


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
