"""Where each part of a YAML text stands, so that every error can name its line and column."""

from dataclasses import dataclass, field

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]
"""The keys and places that lead to a part: ``("onboarding", "steps", 0, "due")``."""

Place = tuple[int, int]
"""Line and column, from 1."""

_MOST_PARTS = 20_000
"""A definition with more parts than this is a mistake, or meant to do harm."""


class TooLargeError(ValueError):
    """The text repeats itself, through aliases, beyond all measure or for ever."""


@dataclass
class Positions:
    """The place of each value, and of the key in front of it."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def value(self, path: Path) -> Place:
        """Where the value is, or else the nearest thing around it."""
        return self._nearest(self.values, path)

    def key(self, path: Path) -> Place:
        """Where the key is; for what is missing, the key or the item that it should be under."""
        return self.keys.get(path) or self.keys.get(path[:-1]) or self.value(path)

    def _nearest(self, places: dict[Path, Place], path: Path) -> Place:
        while path and path not in places:
            path = path[:-1]
        return places.get(path, (1, 1))


def positions(node: Node | None) -> Positions:
    """The places of all parts of a text, which was composed to this node. Raises
    ``TooLargeError``."""
    found = Positions()
    if node is not None:
        _walk(node, (), found)
    return found


def _walk(node: Node, path: Path, found: Positions) -> None:
    if len(found.values) > _MOST_PARTS or len(path) > 50:
        raise TooLargeError
    found.values[path] = _place(node)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                inner = (*path, str(key.value))
                found.keys[inner] = _place(key)
                _walk(value, inner, found)
                if value.start_mark.index == value.end_mark.index:
                    # Where nothing is written, the parser points at whatever comes next.
                    found.values[inner] = found.keys[inner]
    elif isinstance(node, SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), found)


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
