"""The catalogue of provisioning and the code agree on every key."""

import re
import tomllib
from pathlib import Path

EMBEDDED = Path(__file__).parents[2] / "embedded"


def test_every_sentence_is_said_somewhere_and_every_one_said_exists() -> None:
    source = "".join(file.read_text() for file in EMBEDDED.glob("*.py"))
    catalogue = set(tomllib.loads((EMBEDDED / "sentences.toml").read_text()))
    said = set(re.findall(r"""say\(\s*"(\w+)""", source))
    assert said <= catalogue
    assert {key for key in catalogue if f'"{key}"' not in source} == set()
