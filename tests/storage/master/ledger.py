"""What tests of master data look up."""

from sqlalchemy import select

from storage.database import Database
from storage.sql import events, tasks


async def audit(database: Database, row_id: str) -> list[tuple[int, str, str]]:
    """Sequence, kind and actor of each event about a row."""
    async with database.reading() as session:
        found = await session.execute(
            select(events.c.sequence, events.c.kind, events.c.actor)
            .where(events.c.item_id == row_id, events.c.engagement_id.is_(None))
            .order_by(events.c.sequence)
        )
        return [(row.sequence, row.kind, row.actor) for row in found]


async def owners(database: Database) -> dict[str, str | None]:
    """Who owns each open task today."""
    async with database.reading() as session:
        found = await session.execute(select(tasks.c.owner_role, tasks.c.owner_id))
        return {row.owner_role: row.owner_id for row in found}
