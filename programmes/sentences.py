"""Every sentence that this room says, from one catalogue file beside it."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)


# Read when the room is first imported: a workflow that says a rule must not open files.
_SENTENCES = dict(
    _flat(tomllib.loads((files("programmes") / "sentences.toml").read_text(encoding="utf-8")))
)


def say(key: str, /, **values: object) -> str:
    """The sentence of that key, such as ``rule.after``. Raises ``KeyError`` where unknown."""
    return _SENTENCES[key].format(**values)


def knows(key: str) -> bool:
    """Whether there is such a sentence."""
    return key in _SENTENCES


def complaint(key: str, /, **values: object) -> tuple[str, str]:
    """What is wrong, and what would be right: the two sentences under that key."""
    return say(f"{key}.what", **values), say(f"{key}.fix", **values)
