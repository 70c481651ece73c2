"""The words and the clock of the programmes that engagements run on, each read once a process."""

from dataclasses import dataclass, field, replace

from notifications.languages import ENGLISH, Language
from notifications.titles import Titles, parsed_in_thread, titles_of
from notifications.when import Clock
from programmes.definition import Definition
from storage.database import Database
from storage.queries.programmes import show_programme

OFFICE_CLOCK = Clock("Europe/London")
"""Where no programme says which zone to read in."""


@dataclass(frozen=True)
class Voice:
    """How to speak about an engagement: its programme's titles, and its clock."""

    titles: Titles
    clock: Clock = OFFICE_CLOCK


@dataclass
class Definitions:
    """A stored version never changes, so it stays in memory; a version that is not there yet is
    looked for again each time."""

    database: Database
    _known: dict[tuple[str, int, Language], Voice] = field(default_factory=dict)

    async def voice(
        self, programme_id: str, version: int | None, language: Language = ENGLISH
    ) -> Voice:
        """How to speak about engagements on this version, or on the newest; keys read as themselves
        without it."""
        known = self._known.get((programme_id, version, language)) if version is not None else None
        if known is not None:
            return known
        async with self.database.reading() as session:
            stored = await show_programme(session, programme_id, version)
        if stored is None:
            return Voice(Titles(programme=programme_id, language=language))
        definition, titles = await parsed_in_thread(stored.source)
        if language != ENGLISH:
            titles = titles_of(definition, language)
        voice = Voice(titles, replace(clock_of(definition), language=language))
        self._known[programme_id, stored.version, language] = voice
        return voice


def clock_of(definition: Definition) -> Clock:
    """An always-open programme counts in minutes and seconds; others count in days."""
    calendar = definition.calendar
    return Clock(calendar.zone, to_the_minute=calendar.kind == "always-open")
