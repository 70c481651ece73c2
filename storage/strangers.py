"""Counts the reports about emails that this office never sent, by the day."""

from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import insert_or_ignore, strange_reports


async def count_strangers(session: AsyncSession, day: date, count: int) -> None:
    """So many more came on that day."""
    c = strange_reports.c
    await insert_or_ignore(session, strange_reports, [{"day": day, "count": 0}])
    await session.execute(
        update(strange_reports).where(c.day == day).values(count=c["count"] + count)
    )


async def strangers_since(session: AsyncSession, day: date) -> int:
    """How many came on that day and after it."""
    c = strange_reports.c
    total = select(func.coalesce(func.sum(c["count"]), 0)).where(c.day >= day)
    return int((await session.execute(total)).scalar_one())
