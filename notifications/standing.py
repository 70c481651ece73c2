"""What a notification is checked against just before it leaves, besides its recipient."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, tasks


@dataclass(frozen=True)
class Standing:
    """How its engagement and its task stand."""

    stage: str
    open_revision: int | None
    due_at: datetime | None
    """When its task is due, if that is open."""


async def read_standing(
    session: AsyncSession, engagement_id: str, item_id: str, task: str
) -> Standing:
    """The engagement's stage, and the due revision and date of a task if that is open."""
    query = (
        select(engagements.c.stage, tasks.c.revision, tasks.c.due_at)
        .select_from(
            engagements.outerjoin(tasks, (tasks.c.item_id == item_id) & (tasks.c.key == task))
        )
        .where(engagements.c.id == engagement_id)
    )
    row = (await session.execute(query)).one()
    return Standing(row.stage, row.revision, row.due_at)
