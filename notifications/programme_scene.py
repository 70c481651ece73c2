"""The surroundings of an email that is about a whole programme, and no engagement: its words."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.scene import Scene
from notifications.titles import Titles, parsed_in_thread
from notifications.when import Clock
from programmes.definition import Definition
from programmes.problems import DefinitionErrors
from storage.queries.programmes import show_programme


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
