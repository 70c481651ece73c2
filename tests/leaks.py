"""What no log may hold: addresses, keys and secrets, and anything of an email's body."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.fakes.sendgrid import KEY

TEMPLATES = Path(__file__).parents[1] / "notifications" / "templates"

SECRETS = (
    KEY,
    "a-long-secret-that-only-the-provider-knows",
    "a secret of these tests",
    "SECRETWORD",
    "SECRETNAME",
)
"""The keys and secrets that tests use, and what they have people write to see where it turns up."""

# A name before the sign: Temporal's workers call themselves by their process and host, 12@host.
ADDRESS = re.compile(r"[\w.+%-]*[a-zA-Z_+%-][\w.+%-]*@[\w-]+(?:\.[\w-]+)+")

PATTERNS = {
    "a key": re.compile(r"\bSG\.[\w-]{8,}"),
    "a token": re.compile(r"\bmp_[\w-]{8,}|(?i:\bbearer\s+[\w.~+/-]{8,})|\?token=[\w.-]{8,}"),
    "a body": re.compile(r"<html|<body|<p>"),
}

_WINDOW = 64
"""Letters on each side of an @."""

_WORTH_KNOWING = 30
"""Letters: what is shorter may be in a log by chance."""


@dataclass(frozen=True)
class Leak:
    """Where something is that must not be."""

    file: Path
    line: int
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.text[:300]}"


def leaks_in(file: Path) -> list[Leak]:
    """Everything in a log that must not be there; nothing where it has been cleared away."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [
        Leak(file, text.count("\n", 0, start) + 1, what, _line(text, start))
        for what, start in _found(text)
    ]


def _found(text: str) -> Iterator[tuple[str, int]]:
    for sign in re.finditer("@", text):
        # Around each sign alone: over a whole log the pattern would take seconds.
        first = max(sign.start() - _WINDOW, 0)
        match = ADDRESS.search(text, first, sign.end() + _WINDOW)
        if match is not None and match.start() < sign.start() < match.end():
            yield "an address", match.start()
    for what, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            yield what, match.start()
    for what, words in (("a secret", SECRETS), ("a body", phrases())):
        for word in words:
            start = text.find(word)
            if start >= 0:
                yield what, start


def _line(text: str, start: int) -> str:
    return text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0].strip()


@cache
def phrases() -> tuple[str, ...]:
    """What emails say whatever they are about: the longest stretch of each line of a template."""
    lines = (line for path in TEMPLATES.rglob("*.txt") for line in _lines(path))
    return tuple(sorted({_longest(line) for line in lines} - {""}))


def _lines(path: Path) -> Iterable[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _longest(line: str) -> str:
    parts = (part.strip() for part in re.split(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", line))
    longest = max(parts, key=len)
    return longest if len(longest) >= _WORTH_KNOWING else ""
