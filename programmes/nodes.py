"""An error in a definition before its line is known: the way to it, and two sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from programmes.durations import Duration, parse_duration
from programmes.positions import Path
from programmes.problems import MistakeError
from programmes.sentences import complaint


@dataclass(frozen=True)
class Finding:
    """``what`` is wrong at ``path`` and what would ``fix`` it."""

    path: Path
    what: str
    fix: str
    at_key: bool = False
    """It is the key that is wrong, or what is below it as a whole."""

    @classmethod
    def of(cls, path: Path, key: str, /, *, at_key: bool = False, **values: object) -> Self:
        """The finding whose sentences the catalogue has under ``key``."""
        return cls(path, *complaint(key, **values), at_key)


@dataclass(frozen=True)
class Node:
    """A value and the way to it. What is missing or of another kind is simply empty."""

    value: object
    path: Path = ()

    def __bool__(self) -> bool:
        return self.value is not None

    def __getitem__(self, key: str) -> "Node":
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Node(value, (*self.path, key))

    def fields(self) -> Iterator[tuple[str, "Node"]]:
        """The entries of a mapping."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                if isinstance(key, str):
                    yield key, self[key]

    def items(self) -> Iterator["Node"]:
        """The items of a list."""
        if isinstance(self.value, list):
            for place, value in enumerate(self.value):
                yield Node(value, (*self.path, place))

    @property
    def text(self) -> str | None:
        """The value where it is a text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def duration(self) -> Duration | None:
        """The value where it is a duration."""
        try:
            return parse_duration(self.text) if self.text is not None else None
        except MistakeError:
            return None
