"""The words for people, used by emails, API and command line alike.

They live in ``words.toml``, and in ``words.cy.toml`` those that members read, in Welsh.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from notifications.languages import ENGLISH, LOCALES, InEnglish, Language
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


def soft(text: str, language: Language) -> str:
    """A title of ours in the middle of a sentence, after a word that softens: "gais ymchwil 3".

    Only first words that the catalogue lists are changed: what an office named stays as it is.
    """
    if isinstance(text, InEnglish):
        return text
    first, space, rest = text.partition(" ")
    changed = entry("soft", language=language).get(first.lower())
    return f"{changed}{space}{rest}" if changed else lower_first(text, language)


def lower_first(text: str, _language: Language) -> str:
    """A title in the middle of a sentence, where it has no capital; an acronym keeps its own."""
    if isinstance(text, InEnglish):
        return text
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def on_day(text: str, language: Language) -> str:
    """A day that something happens on, or from: Welsh softens "dydd" to "ddydd"."""
    first, space, rest = text.partition(" ")
    return f"{entry('soft', language=language).get(first, first)}{space}{rest}"


def counted(number: int, thing: str, language: Language) -> str:
    """So many of a thing, in the form that the number asks for: Welsh has six."""
    forms: Mapping[str, str] = entry("counted", thing, language=language)
    form = _locale(language).plural_form(number)
    return fill(forms.get(form, forms["other"]), {"number": str(number)})


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(LOCALES[language])


def filters(language: Language) -> Mapping[str, Callable[..., Any]]:
    """These as filters of that language's templates."""
    return {
        "soft": lambda text: soft(text, language),
        "lower_first": lambda text: lower_first(text, language),
        "on_day": lambda text: on_day(text, language),
        "counted": lambda number, thing: counted(number, thing, language),
    }
