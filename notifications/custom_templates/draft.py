"""An office's own templates, and the faults that they may have."""

from dataclasses import dataclass
from typing import Literal

from programmes.vocabulary import Language

PartName = Literal["subject", "text", "html"]
FILES: dict[PartName, str] = {"subject": "subject.txt", "text": "body.txt", "html": "body.html"}

BUILT_IN = 0
"""The version of the templates that come with Milepost."""


@dataclass(frozen=True)
class Draft:
    """Three templates; an empty one means the built-in one."""

    subject: str = ""
    text: str = ""
    html: str = ""

    def parts(self) -> dict[PartName, str]:
        """The parts that are not empty."""
        found: dict[PartName, str] = {"subject": self.subject, "text": self.text, "html": self.html}
        return {name: source for name, source in found.items() if source.strip()}

    def source(self, file: str) -> str:
        """The template in place of a built-in file; empty without one."""
        return next((self.parts().get(name, "") for name in FILES if FILES[name] == file), "")


@dataclass(frozen=True)
class Override:
    """A stored version that is in use."""

    language: Language
    version: int
    draft: Draft


@dataclass(frozen=True, order=True)
class Fault:
    """A fault in a draft, for the person who wrote it."""

    part: PartName
    line: int
    """From 1; 0 if the fault is in the part as a whole."""
    what: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.part}:{self.line}" if self.line else self.part
        return f"{place}: {self.what} {self.fix}"
