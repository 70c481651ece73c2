"""The words for people, used by emails, API and command line alike.

They live in ``words.toml``, and in ``words.cy.toml`` those that members read, in Welsh.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from notifications.languages import ENGLISH, InEnglish, Language
from notifications.titles import Titles, readable

CATALOGUES: Mapping[Language, Path] = {
    "en": Path(__file__).with_name("words.toml"),
    "cy": Path(__file__).with_name("words.cy.toml"),
}


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
    found = entry("task", family, group if part else key, language=titles.language)
    values = {
        "step": titles.step(part),
        "text": titles.step_texts.get(part, ""),
        # Its own key is an opaque id: no title for people.
        "action": action or str(found.get("untold", "")),
    }
    if not found:
        return TaskWords(readable(part or key), "")
    return TaskWords(fill(found["title"], values), fill(found.get("todo", ""), values))


def item_title(kind: str, key: str, titles: Titles, number: str = "") -> str:
    """What an item is called: "Research request 3", "Interim review"."""
    found = entry("item", kind, language=titles.language)
    if not found:
        return titles.programme if not kind else readable(f"{kind} {key}")
    return fill(found["title"], {"key": number or key, "review": titles.review(key)})


def theme_words(key: str, titles: Titles) -> str:
    """A theme's title, or nothing where there is no theme."""
    return titles.theme(key) if key else ""


def why_sentence(role: str, member: str, language: Language = ENGLISH) -> str:
    """Why somebody gets an email, by what they are to the member."""
    found = entry("why", role, language=language) or entry("why", "other", language=language)
    return fill(found["text"], {"member": member})


def stand_in_sentence(who: str, language: Language = ENGLISH) -> str:
    """Why somebody gets an email that was meant for somebody who is away."""
    return fill(entry("why", "stand_in", language=language)["text"], {"who": who})


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in ``{names}``; one that is not there reads as a dash rather than fail. A sentence that
    is nothing but a name is what is filled in, in its language."""
    alone = values.get(sentence[1:-1]) if sentence[:1] == "{" else None
    return alone if isinstance(alone, InEnglish) else sentence.format_map(_Known(values))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def entry(*path: str, language: Language = ENGLISH) -> Mapping[str, Any]:
    """What the catalogue has under that path; the English where it is not there in ``language``,
    and empty where it has nothing."""
    found: Any = catalogue(language)
    for part in path:
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    if not found and language != ENGLISH:
        return entry(*path)
    return found if isinstance(found, Mapping) else {}


@cache
def catalogue(language: Language = ENGLISH) -> Mapping[str, Any]:
    """The whole catalogue of a language, read once."""
    return tomllib.loads(CATALOGUES[language].read_text("utf-8"))
