"""A programme as its newest version says it, whatever version an engagement runs on."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.titles import parsed_in_thread
from programmes.definition import Definition
from programmes.problems import DefinitionErrors
from storage.queries.programmes import show_programme

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Newest:
    """The newest version."""

    definition: Definition
    since: datetime
    """When it was stored."""


async def newest_version(session: AsyncSession, programme_id: str) -> Newest | None:
    """``None`` where there is none that can be read any more."""
    stored = await show_programme(session, programme_id)
    if stored is None:
        return None
    try:
        return Newest((await parsed_in_thread(stored.source))[0], stored.created_at)
    except DefinitionErrors:
        log.error("stored_programme_unreadable", programme=programme_id)
        return None


async def newest_definition(session: AsyncSession, programme_id: str) -> Definition | None:
    """What it says; ``None`` as above."""
    newest = await newest_version(session, programme_id)
    return newest.definition if newest is not None else None
