"""Every sentence of the command line, from one catalogue file."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _catalogue() -> Mapping[str, str]:
    text = (files("commands") / "sentences.toml").read_text(encoding="utf-8")
    sentences: dict[str, str] = {}
    for section, held in tomllib.loads(text).items():
        for key, sentence in held.items():
            sentences[f"{section}.{key}"] = sentence
    return sentences


def say(key: str, **values: object) -> str:
    """The sentence of that key (``section.name``) with the values in it. KeyError where unknown."""
    return _catalogue()[key].format(**values)


def keys() -> frozenset[str]:
    """Every key that the catalogue has."""
    return frozenset(_catalogue())
