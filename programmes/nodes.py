"""The parts of a YAML file before it is a definition: their values, their places, their errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ruamel.yaml import nodes as yaml

from programmes.durations import Duration, parse_duration
from programmes.problems import InvalidValue

Path = tuple[str | int, ...]
"""The keys and indices that lead to a part: ``("onboarding", "steps", 0, "due")``."""

Place = tuple[int, int]
"""Line and column, from 1."""

_MOST_PARTS = 20_000
"""A definition with more parts than this is a mistake or an attack."""

_DEEPEST = 50


@dataclass(frozen=True)
class Finding:
    """An error before its line is known: ``what`` is wrong at ``path``, and how to ``fix`` it."""

    path: Path
    what: str
    fix: str
    at_key: bool = False
    """The key itself is wrong, or everything below it."""


@dataclass(frozen=True)
class Node:
    """A value and the path to it. A part that is missing or of another kind is empty."""

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
        """The value where it is text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def duration(self) -> Duration | None:
        """The value where it is a duration."""
        try:
            return parse_duration(self.text) if self.text is not None else None
        except InvalidValue:
            return None


class TooLargeError(ValueError):
    """The file has too many parts, or its aliases repeat without end."""


@dataclass
class Positions:
    """The place of each value, and of the key before it."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def value(self, path: Path) -> Place:
        """Where the value is, or else the nearest part around it."""
        return self._nearest(self.values, path)

    def key(self, path: Path) -> Place:
        """Where the key is; for a missing key, the part that should contain it."""
        return self.keys.get(path) or self.keys.get(path[:-1]) or self.value(path)

    def _nearest(self, places: dict[Path, Place], path: Path) -> Place:
        while path and path not in places:
            path = path[:-1]
        return places.get(path, (1, 1))


def positions(node: yaml.Node | None) -> Positions:
    """The places of all parts of a composed file. Raises ``TooLargeError``."""
    found = Positions()
    if node is not None:
        _walk(node, (), found)
    return found


def _walk(node: yaml.Node, path: Path, found: Positions) -> None:
    if len(found.values) > _MOST_PARTS or len(path) > _DEEPEST:
        raise TooLargeError
    found.values[path] = _place(node)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = (*path, str(key.value))
                found.keys[inner] = _place(key)
                _walk(value, inner, found)
                if value.start_mark.index == value.end_mark.index:
                    # For an empty value the parser gives the place of whatever comes next.
                    found.values[inner] = found.keys[inner]
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), found)


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
