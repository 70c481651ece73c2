"""The catalogue of words for people, for emails, API and command line.

``words.toml`` has the English. ``words.cy.toml`` has the Welsh of what members read.
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
    """A task's title, and what to do."""

    title: str
    todo: str


def task_words(family: str, key: str, titles: Titles, action: str = "") -> TaskWords:
    """The words of a task. ``action`` is the text of an agreed action.

    A task that is not in the catalogue reads as its key and never fails.
    """
    group, _, part = key.partition(":")
    found = entry("task", family, group if part else key, language=titles.language)
    values = {
        "step": titles.step(part),
        "text": titles.step_texts.get(part, ""),
        # An action's own key is an opaque id, which people cannot read.
        "action": action or str(found.get("untold", "")),
    }
    if not found:
        return TaskWords(readable(part or key), "")
    return TaskWords(fill(found["title"], values), fill(found.get("todo", ""), values))


def item_title(kind: str, key: str, titles: Titles, number: str = "") -> str:
    """An item's title: "Research request 3", "Interim review"."""
    found = entry("item", kind, language=titles.language)
    if not found:
        return titles.programme if not kind else readable(f"{kind} {key}")
    return fill(found["title"], {"key": number or key, "review": titles.review(key)})


def theme_words(key: str, titles: Titles) -> str:
    """A theme's title; empty without a theme."""
    return titles.theme(key) if key else ""


def why_sentence(role: str, member: str, language: Language = ENGLISH) -> str:
    """Why a recipient gets an email, by their role for the member."""
    found = entry("why", role, language=language) or entry("why", "other", language=language)
    return fill(found["text"], {"member": member})


def delegate_sentence(who: str, language: Language = ENGLISH) -> str:
    """Why a delegate gets the email of an absent colleague."""
    return fill(entry("why", "stand_in", language=language)["text"], {"who": who})


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """Fill in ``{names}``; a missing one becomes a dash.

    If the sentence is one name only, its value keeps its language.
    """
    alone = values.get(sentence[1:-1]) if sentence[:1] == "{" else None
    return alone if isinstance(alone, InEnglish) else sentence.format_map(_Known(values))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def entry(*path: str, language: Language = ENGLISH) -> Mapping[str, Any]:
    """The catalogue's entry under that path, in English if ``language`` lacks it; else empty."""
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
    """A built-in title within a sentence, after a word that causes soft mutation: "gais ymchwil 3".

    Only first words that the catalogue lists are changed, so an office's own titles stay.
    """
    if isinstance(text, InEnglish):
        return text
    first, space, rest = text.partition(" ")
    changed = entry("soft", language=language).get(first.lower())
    return f"{changed}{space}{rest}" if changed else lower_first(text, language)


def lower_first(text: str, _language: Language) -> str:
    """A title within a sentence, without its capital; an acronym keeps its own."""
    if isinstance(text, InEnglish):
        return text
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def on_day(text: str, language: Language) -> str:
    """A day after "on" or "from": Welsh mutates "dydd" to "ddydd"."""
    first, space, rest = text.partition(" ")
    return f"{entry('soft', language=language).get(first, first)}{space}{rest}"


def counted(number: int, thing: str, language: Language) -> str:
    """A number of things, in the plural form that the number needs: Welsh has six."""
    forms: Mapping[str, str] = entry("counted", thing, language=language)
    form = _locale(language).plural_form(number)
    return fill(forms.get(form, forms["other"]), {"number": str(number)})


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(LOCALES[language])


def filters(language: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters for that language's templates."""
    return {
        "soft": lambda text: soft(text, language),
        "lower_first": lambda text: lower_first(text, language),
        "on_day": lambda text: on_day(text, language),
        "counted": lambda number, thing: counted(number, thing, language),
    }
