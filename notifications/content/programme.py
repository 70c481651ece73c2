"""The calendar by which one recipient gets emails: the member's, or the office's own."""

from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.scene import Scene
from notifications.sentences import Clock
from notifications.titles import Titles, parsed_in_thread
from programmes.calendar import WorkingCalendar, is_office
from programmes.definition import Definition
from programmes.holidays import office_calendar
from programmes.problems import DefinitionErrors
from storage.queries.programmes import show_programme


def readers_calendar(
    calendar: WorkingCalendar, definition: Definition | None, recipient_id: str
) -> WorkingCalendar:
    """That of an engagement as it holds for this contact or person.

    Engagements that were started before their calendar knew the office's days off get these from
    the definition.
    """
    if not is_office(recipient_id) or calendar.always_open:
        return calendar
    if calendar.office is not None or definition is None or not calendar.non_working:
        return calendar.for_office()
    known = office_calendar(
        definition, first=calendar.non_working[0], last=calendar.non_working[-1]
    )
    return replace(calendar, non_working=known.non_working)


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


async def _words(source: str, programme_id: str) -> tuple[Definition | None, Titles]:
    """A stored version that cannot be read any more costs a summary its title, and nothing else."""
    try:
        return await parsed_in_thread(source)
    except DefinitionErrors:
        return None, Titles(programme_id)


async def read_programme_scene(session: AsyncSession, programme_id: str) -> tuple[Scene, int]:
    """The newest version's words, with no engagement in it; and which version that is."""
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
