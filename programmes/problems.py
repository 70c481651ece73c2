"""What is wrong with a definition, where, and what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from programmes.sentences import complaint, say


class MistakeError(ValueError):
    """A value that cannot be: ``what`` is wrong with it, and ``fix`` says what would be right."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}; {fix}")
        self.what = what
        self.fix = fix

    @classmethod
    def of(cls, key: str, /, **values: object) -> Self:
        """The mistake of that key in the catalogue."""
        return cls(*complaint(key, **values))


@dataclass(frozen=True, order=True)
class Problem:
    """One error in a definition. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.fix}"


class DefinitionErrors(Exception):
    """A definition that cannot be used, with every problem found, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def meant(word: str, known: Iterable[str]) -> str:
    """A mend for an unknown word: the nearest known one, or else all of them."""
    words = list(known)
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return say("word.near", near=near[0])
    if not words:
        return say("word.none")
    if len(words) == 1:
        return say("word.only", only=words[0])
    return say("word.many", known=", ".join(words))
