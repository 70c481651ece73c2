"""The definitions that the tests run on, by id.

The network's is the tests' own copy (``network.yaml``). So an office that changes the shipped one,
say its sending hours, breaks only the tests that are about the shipped file.
"""

from functools import cache
from pathlib import Path

from programmes.definition import Definition
from programmes.loader import built_in_definitions, load_definition

IGN = "inclusive-growth-network"
NETWORK = Path(__file__).with_name("network.yaml")


@cache
def sources() -> dict[str, str]:
    """The YAML of each."""
    return {**dict(built_in_definitions()), IGN: NETWORK.read_text(encoding="utf-8")}


@cache
def definition(name: str = IGN) -> Definition:
    """One of them, loaded and checked."""
    return load_definition(sources()[name], name)
