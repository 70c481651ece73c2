"""What is wrong with master data that somebody gave, and what would be right: all of it at once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("flaws.toml")


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong."""

    name: str
    field: str
    what: str
    mend: str
    line: int = 0
    """The line of an imported file; 0 where there is no file."""

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.field}: {self.what} {self.mend}"


class Rejected(ValueError):
    """Nothing was stored: every flaw, with its mend."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("\n".join(str(flaw) for flaw in flaws))
        self.flaws = flaws


class Missing(LookupError):
    """There is no row of that id."""


def flaw(name: str, field: str, /, *, line: int = 0, **values: object) -> Flaw:
    """The flaw of that name, in words of the catalogue."""
    words = _catalogue()[name]
    return Flaw(name, field, words["what"].format(**values), words["mend"].format(**values), line)


def reject_any(flaws: Sequence[Flaw]) -> None:
    """Raise ``Rejected`` where there is a flaw."""
    if flaws:
        raise Rejected(*flaws)


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))
