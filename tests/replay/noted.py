"""What the workflows decide, noted in a text file beside each history.

A history has the values of most decisions, and a replay is compared with those. It lacks the
arguments of local activities, so the file has them. Where the code of today decides otherwise than
an old history, the file has the values of today. ``python -m tools.note_decisions`` writes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from temporal.decisions import Decision, Kind, Values
from temporal.replaying import Difference, Replayed

ENDING = ".decisions"

GONE = "is gone"

Place = tuple[Kind, str]

_HEADER = re.compile(rf"({'|'.join(get_args(Kind))})(?: ([^\s#]+))?(?: #(\S+))?$")
"""The kind of a decision, its name and its number."""


@dataclass
class Noted:
    """One file: the values of decisions, and the lines where they stand."""

    path: Path
    values: dict[Place, dict[str, str | None]] = field(default_factory=dict)
    """None for a value that the history has and the code of today leaves out."""
    lines: dict[tuple[Place, str], int] = field(default_factory=dict)

    def expected(self, recorded: list[Decision]) -> dict[Place, Values]:
        """What the code has to decide: as the history says, and as is noted."""
        expected: dict[Place, Values] = {}
        for one in recorded:
            noted = self.values.get(one.place)
            if noted is not None or one.values is None:
                whole = {**(one.values or {}), **(noted or {})}
                expected[one.place] = {
                    path: value for path, value in whole.items() if value is not None
                }
        return expected

    def line_of(self, difference: Difference) -> int | None:
        """Where the value stands that differs, or else its decision."""
        place = difference.decision.place
        return self.lines.get((place, difference.path), self.lines.get((place, "")))


def read_noted(history: Path) -> Noted:
    """The file beside a history. Raises ``ValueError`` for a line that it cannot read."""
    noted = Noted(history.with_suffix(ENDING))
    place: Place | None = None
    text = noted.path.read_text() if noted.path.exists() else ""
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        if header := _HEADER.match(line):
            kind, _, key = header.groups()
            place = (_kind(kind), key or "")
            noted.values[place] = {}
            noted.lines[place, ""] = number
        elif place is not None and line.endswith(GONE):
            path = line.removesuffix(GONE).strip()
            noted.values[place][path] = None
            noted.lines[place, path] = number
        elif place is not None and " = " in line:
            path, value = line.strip().split(" = ", 1)
            noted.values[place][path] = value
            noted.lines[place, path] = number
        else:
            raise ValueError(f"{noted.path}:{number}: {line}")
    return noted


def write_noted(history: Path, replayed: Replayed) -> None:
    """Note what the code of today decides, where the history alone does not say it."""
    lines = []
    for one in replayed.recorded:
        asked = replayed.asked.decisions.get(one.place)
        assert asked is not None, f"{history}: {one} is not repeated"
        if changes := _changes(one.values or {}, asked.values or {}):
            lines += [str(one), *changes]
    path = history.with_suffix(ENDING)
    if lines:
        path.write_text("\n".join(lines) + "\n")
    else:
        path.unlink(missing_ok=True)


def _changes(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changed = [f"  {path} = {value}" for path, value in now.items() if was.get(path) != value]
    return changed + [f"  {path} {GONE}" for path in was if path not in now]


def _kind(word: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == word)
