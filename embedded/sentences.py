"""The sentences that provisioning says to a person, from their catalogue; standard library only."""

import tomllib
from functools import cache
from pathlib import Path


def say(key: str, **values: object) -> str:
    """The sentence `key` of sentences.toml with these values in it."""
    return _catalogue()[key].format(**values)


@cache
def _catalogue() -> dict[str, str]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return tomllib.load(file)
