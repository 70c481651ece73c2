"""What is wrong with a definition or with master data, where it is, and how to fix it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong, and how to fix it."""

    what: str
    fix: str
    name: str = ""
    """A stable name for programs, such as ``email_taken``."""
    field: str = ""
    """The field of a form or the column of a table; empty for a definition."""
    line: int = 0
    """The line in the file, from 1; 0 where there is no file."""
    column: int = 0
    """The column in that line, from 1; 0 where only the line is known."""

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.field}: {self.what} {self.fix}"


class InvalidValue(ValueError):
    """A value that is not allowed: ``what`` is wrong with it, and how to ``fix`` it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix


class DefinitionErrors(Exception):
    """A definition that cannot be used, with every flaw of its file, in the order of the file."""

    def __init__(self, file: str, flaws: tuple[Flaw, ...]) -> None:
        lines = (f"{file}:{one.line}:{one.column}: {one.what}; {one.fix}" for one in flaws)
        super().__init__("\n".join(lines))
        self.file = file
        self.flaws = flaws


def meant(word: str, known: Iterable[str]) -> str:
    """How to fix an unknown word: write the most similar known one, or else any of them."""
    words = list(known)
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not words:
        return "leave it out"
    if len(words) == 1:
        return f"write {words[0]!r}"
    return f"write one of these: {', '.join(words)}"
