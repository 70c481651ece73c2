"""What is wrong with a definition, where, and what would be right."""

from dataclasses import dataclass
from typing import Self

from programmes.sentences import complaint


class MistakeError(ValueError):
    """A value that cannot be: ``what`` is wrong with it, and ``mend`` says what would be right."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}; {mend}")
        self.what = what
        self.mend = mend

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
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.mend}"


class DefinitionErrors(Exception):
    """A definition that cannot be used, with every problem found, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
