"""What an office writes in place of a built-in template, and what can be wrong with it."""

from dataclasses import dataclass
from typing import Literal

from notifications.languages import Language

PartName = Literal["subject", "text", "html"]
FILES: dict[PartName, str] = {"subject": "subject.txt", "text": "body.txt", "html": "body.html"}

BUILT_IN = 0
"""The version of the templates that come with Milepost."""


@dataclass(frozen=True)
class Draft:
    """Three templates; one that is empty is the built-in one."""

    subject: str = ""
    text: str = ""
    html: str = ""

    def parts(self) -> dict[PartName, str]:
        """Those that are not empty."""
        found: dict[PartName, str] = {"subject": self.subject, "text": self.text, "html": self.html}
        return {name: source for name, source in found.items() if source.strip()}

    def source(self, file: str) -> str:
        """The template that stands for a built-in file; empty where none does."""
        return next((self.parts().get(name, "") for name in FILES if FILES[name] == file), "")


@dataclass(frozen=True)
class Override:
    """A stored version that is in use."""

    language: Language
    version: int
    draft: Draft


@dataclass(frozen=True, order=True)
class Fault:
    """Something wrong with a draft, for the person who wrote it."""

    part: PartName
    line: int
    """From 1; 0 where it is about the part as a whole."""
    what: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.part}:{self.line}" if self.line else self.part
        return f"{place}: {self.what} {self.fix}"
