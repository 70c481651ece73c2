"""What a command needs to do its work: database, Temporal, settings, clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "definitions", Definitions(self.database))
