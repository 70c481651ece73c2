"""What every command and view needs: database, Temporal, settings, and each programme's words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.sentences import Clock
from notifications.words import ENGLISH, Titles, parsed_in_thread, titles_of
from programmes.definition import Definition
from programmes.problems import Flaw as StoredFlaw
from programmes.vocabulary import Language
from services.problems import Flaw, Problem
from settings import Settings
from storage.database import Database, utc_now
from storage.master import Missing, Rejected
from storage.queries.programmes import show_programme
from temporal.connection import Temporal

OFFICE_CLOCK = Clock("Europe/London")
"""The clock for what belongs to no programme."""


@dataclass(frozen=True)
class Voice:
    """The words for an engagement: its programme's titles and clock."""

    titles: Titles
    clock: Clock = OFFICE_CLOCK


@dataclass
class Definitions:
    """Keeps each programme version's words in memory. A stored version never changes; a missing
    one is looked up again each time."""

    database: Database
    _known: dict[tuple[str, int, Language], Voice] = field(default_factory=dict)

    async def voice(
        self, programme_id: str, version: int | None, language: Language = ENGLISH
    ) -> Voice:
        """The words for engagements on this version, or on the newest. Without a stored
        version, keys stand for their titles."""
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
    """The clock of a programme. An always-open programme counts in minutes, others count in
    days."""
    calendar = definition.calendar
    return Clock(calendar.zone, to_the_minute=calendar.kind == "always-open")


@dataclass(frozen=True)
class Backend:
    """What every command and view gets. There is one in each process."""

    database: Database
    temporal: Temporal
    settings: Settings
    now: Callable[[], datetime] = utc_now
    definitions: Definitions = field(init=False)
    still_sending: set[asyncio.Task[Any]] = field(
        default_factory=set, init=False, repr=False, compare=False
    )
    """Commands still being sent after their callers were answered. The event loop keeps weak
    references alone."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "definitions", Definitions(self.database))


_PROBLEMS = {
    **dict.fromkeys(("member_taken", "email_taken", "version_taken"), "exists"),
    "engagement_closed": "closed",
}
"""Flaws that conflict with what exists, by the problem that they are."""


def _pointer(flaw: StoredFlaw) -> str:
    """Where the flaw is: in a field, or in a line of an imported file."""
    return f"line {flaw.line}, {flaw.field}" if flaw.line else f"#/{flaw.field}"


@asynccontextmanager
async def writing(backend: Backend) -> AsyncIterator[AsyncSession]:
    """A transaction that turns the storage's errors into problems."""
    try:
        async with backend.database.transaction() as session:
            yield session
    except Missing as error:
        raise Problem("not-found", missing=str(error)) from error
    except Rejected as error:
        stands = (_PROBLEMS[flaw.name] for flaw in error.flaws if flaw.name in _PROBLEMS)
        raise Problem(
            next(stands, "invalid"),
            errors=[
                Flaw(pointer=_pointer(flaw), what=flaw.what, fix=flaw.fix) for flaw in error.flaws
            ],
        ) from error
    except IntegrityError as error:
        # Another caller stored the same name or address at the same moment.
        raise Problem("exists") from error
