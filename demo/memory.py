"""What the demo keeps between two runs: ids, and how far each engagement was played."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

NAME = "story.json"


class Unreadable(Exception):
    """The file was written by another version of the demo."""


@dataclass
class Part:
    """One engagement of the story."""

    engagement: str
    moves: int = 0
    """How many of its moves have been made."""
    refusals: int = 0
    """How often a move was refused. A repeated call with the same key would get the old answer."""
    requests: dict[str, str] = field(default_factory=dict)
    """The story's name of a research request to its id."""


@dataclass
class Memory:
    """Kept in the office's folder."""

    path: Path
    first_day: date
    people: dict[str, str] = field(default_factory=dict)
    """The story's key of a person to the id."""
    members: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    """The story's key of a member to the id of its lead contact."""
    parts: dict[str, Part] = field(default_factory=dict)
    tours: int = 0
    """How many tours have started."""

    @classmethod
    def of(cls, folder: Path, today: date) -> Self:
        """Read it from that folder. A new story starts today. Raises Unreadable."""
        path = folder / NAME
        if not path.exists():
            return cls(path, today)
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            parts = {member: Part(**part) for member, part in held.pop("parts").items()}
            first_day = date.fromisoformat(held.pop("first_day"))
            return cls(path, first_day, parts=parts, **held)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unreadable(path) from None

    @staticmethod
    def forget(folder: Path) -> None:
        """Start a new story the next time."""
        (folder / NAME).unlink(missing_ok=True)

    def keep(self) -> None:
        """Write the file, completely or not at all."""
        held = asdict(self)
        del held["path"]
        held["first_day"] = self.first_day.isoformat()
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(held, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(draft, self.path)
