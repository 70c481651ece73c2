"""A programme as its newest version says it, whatever version an engagement runs on."""

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.titles import parsed
from programmes.definition import Definition
from programmes.problems import DefinitionErrors
from storage.sql import programmes

log = structlog.get_logger(__name__)


async def newest_definition(session: AsyncSession, programme_id: str) -> Definition | None:
    """``None`` where there is none that can be read any more."""
    query = (
        select(programmes.c.source)
        .where(programmes.c.id == programme_id)
        .order_by(programmes.c.version.desc())
        .limit(1)
    )
    source = (await session.execute(query)).scalar_one_or_none()
    try:
        return parsed(source)[0] if source else None
    except DefinitionErrors:
        log.error("stored_programme_unreadable", programme=programme_id)
        return None
