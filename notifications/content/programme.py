"""The newest version of a programme: its definition and its words."""

from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.scene import Scene
from notifications.sentences import Clock
from notifications.words import Titles, parsed_in_thread
from programmes.definition import Definition
from programmes.problems import DefinitionErrors
from storage.queries.programmes import show_programme

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NewestVersion:
    """A programme's newest version."""

    definition: Definition
    since: datetime
    """When it was stored."""


async def newest_version(session: AsyncSession, programme_id: str) -> NewestVersion | None:
    """The newest version; ``None`` if there is none, or if it cannot be read."""
    stored = await show_programme(session, programme_id)
    if stored is None:
        return None
    try:
        return NewestVersion((await parsed_in_thread(stored.source))[0], stored.created_at)
    except DefinitionErrors:
        log.error("stored_programme_unreadable", programme=programme_id)
        return None


async def newest_definition(session: AsyncSession, programme_id: str) -> Definition | None:
    """The newest definition; ``None`` if there is none, or if it cannot be read."""
    newest = await newest_version(session, programme_id)
    return newest.definition if newest is not None else None


async def _words(source: str, programme_id: str) -> tuple[Definition | None, Titles]:
    """The definition and its titles. If it cannot be read, the programme's id is its title."""
    try:
        return await parsed_in_thread(source)
    except DefinitionErrors:
        return None, Titles(programme_id)


async def read_programme_scene(session: AsyncSession, programme_id: str) -> tuple[Scene, int]:
    """A scene with the newest version's words and no engagement; and the version's number."""
    stored = await show_programme(session, programme_id)
    definition, titles = await _words(stored.source if stored else "", programme_id)
    zone = definition.calendar.zone if definition else "UTC"
    scene = Scene(
        engagement_id="",
        member_id="",
        member="",
        stage="",
        started_on=date.min,
        onboarded_at=None,
        moved={},
        cycles=(),
        calendar={},
        clock=Clock(zone),
        titles=titles,
        definition=definition,
        manager_id=None,
        adviser_id=None,
        item_id="",
        item_kind="",
        item_key="",
        item_stage="",
        item_data={},
        assignee_id=None,
        programme_id=programme_id,
    )
    return scene, stored.version if stored else 0
