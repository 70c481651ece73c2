"""How many engagements stand how: what a page of them cannot say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.health import Health
from storage.queries.engagement_pages import EngagementFilter, conditions_of, listed
from storage.queries.rows import health_column
from storage.queries.visibility import ALL, Visibility
from storage.sql import engagements

Standing = Health | Literal["ended"]
"""How an engagement stands: its health, as long as it goes on."""

WORST_FIRST: tuple[Standing, ...] = (*reversed(get_args(Health)), "ended")


async def count_engagements(
    session: AsyncSession,
    now: datetime,
    *,
    where: EngagementFilter | None = None,
    visible_to: Visibility = ALL,
) -> Mapping[Standing, int]:
    """How many of them stand how, the worst first; none is left out. One statement."""
    standing = case((engagements.c.closed_at.is_not(None), "ended"), else_=health_column(now))
    each = (
        select(standing.label("standing"))
        .select_from(listed())
        .where(*conditions_of(where or EngagementFilter(), now, visible_to))
        .subquery()
    )
    found = await session.execute(select(each.c.standing, func.count()).group_by(each.c.standing))
    return dict.fromkeys(WORST_FIRST, 0) | {row[0]: row[1] for row in found}
