"""The words for people, used by emails, API and command line alike; they live in ``words.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from notifications.titles import Titles, readable

CATALOGUE = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class TaskWords:
    """What a task is called, and what to do about it."""

    title: str
    todo: str


def task_words(family: str, key: str, titles: Titles, action: str = "") -> TaskWords:
    """The words of a task. ``action`` is the text of an agreed action, where it is one.

    A task that the catalogue does not know reads as its key: never an error.
    """
    group, _, part = key.partition(":")
    found = entry("task", family, group if part else key)
    values = {
        "step": titles.step(part),
        "text": titles.step_texts.get(part, ""),
        # Its own key is an opaque id: no title for people.
        "action": action or str(found.get("untold", "")),
    }
    if not found:
        return TaskWords(readable(part or key), "")
    return TaskWords(
        fill(found["title"], values).strip(), fill(found.get("todo", ""), values).strip()
    )


def item_title(kind: str, key: str, titles: Titles, number: str = "") -> str:
    """What an item is called: "Research request 3", "Interim review"."""
    found = entry("item", kind)
    if not found:
        return titles.programme if not kind else readable(f"{kind} {key}")
    return fill(found["title"], {"key": number or key, "review": titles.review(key)})


def theme_words(key: str, titles: Titles) -> str:
    """A theme's title, or nothing where there is no theme."""
    return titles.theme(key) if key else ""


def why_sentence(role: str, member: str) -> str:
    """Why somebody gets an email, by what they are to the member."""
    found = entry("why", role) or entry("why", "other")
    return fill(found["text"], {"member": member})


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in ``{names}``; one that is not there reads as a dash rather than fail."""
    return sentence.format_map(_Known(values))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def entry(*path: str) -> Mapping[str, Any]:
    """What the catalogue has under that path; empty where it has nothing."""
    found: Any = catalogue()
    for part in path:
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Any]:
    """The whole catalogue, read once."""
    return tomllib.loads(CATALOGUE.read_text("utf-8"))
