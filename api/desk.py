"""What a command needs to do its work: database, Temporal, settings, clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.definitions import Definitions
from settings import Settings
from storage.database import Database
from temporal.connection import Temporal


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """Handed to every command and every reading; one a process."""

    database: Database
    temporal: Temporal
    settings: Settings
    now: Callable[[], datetime] = utc_now
    definitions: Definitions = field(init=False)
    still_sending: set[asyncio.Task[Any]] = field(
        default_factory=set, init=False, repr=False, compare=False
    )
    """Commands that are sent on after their caller was answered: an event loop keeps only weak
    references to tasks."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "definitions", Definitions(self.database))
