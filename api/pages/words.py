"""The words of the pages that are not in their templates."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """The catalogue, by part: ``standing`` has labels, ``answers`` the commands of each task."""
    return tomllib.loads(files("api.pages").joinpath("words.toml").read_text(encoding="utf-8"))
