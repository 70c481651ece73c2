"""Reads the stages of what is open."""

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, items


async def open_stages(session: AsyncSession) -> dict[str, str]:
    """The stage of every open engagement and item, by id. One statement.

    It reads columns that every version has, because it runs before a migration.
    """
    query = union_all(
        *(
            select(table.c.id, table.c.stage).where(table.c.closed_at.is_(None))
            for table in (engagements, items)
        )
    )
    return {row.id: row.stage for row in await session.execute(query)}
