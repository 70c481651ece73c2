"""What things are called, in English and Welsh, for emails, API and command line.

The titles come from a programme's definition, and all other words from a catalogue: ``words.toml``
has the English, ``words.cy.toml`` the Welsh of what members read.
"""

import asyncio
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale

from programmes.definition import Definition
from programmes.fields import Spoken, spoken
from programmes.loader import load_definition
from programmes.vocabulary import Language, Mode

ENGLISH: Language = "en"
WELSH: Language = "cy"

TAGS: dict[Language, str] = {"en": "en-GB", "cy": "cy"}
"""How HTML names them."""

LOCALES: dict[Language, str] = {"en": "en_GB", "cy": "cy"}
"""How Babel names them."""


class InEnglish(str):
    """An English text in a Welsh email, because it has no Welsh version.

    HTML marks it, so that a screen reader reads it as English.
    """

    __slots__ = ()


def languages_of(mode: Mode) -> tuple[Language, ...]:
    """The languages of an email; if both, Welsh comes first."""
    return (WELSH, ENGLISH) if mode == "both" else (mode,)


OFFICE = "Milepost"
"""The sender's name if a programme has none."""


@dataclass(frozen=True)
class Titles:
    """Titles by key. A key without a title reads as itself."""

    programme: str
    office: str = OFFICE
    reply_to: str = ""
    mail_from: str = ""
    """The programme's own sender address, if it has one."""
    themes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    step_texts: Mapping[str, str] = field(default_factory=dict)
    reviews: Mapping[str, str] = field(default_factory=dict)
    review_texts: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(review, check) to the check's title."""
    language: Language = ENGLISH

    def theme(self, key: str) -> str:
        """A theme of the programme."""
        return self.themes.get(key) or readable(key)

    def step(self, key: str) -> str:
        """An onboarding step."""
        return self.steps.get(key) or readable(key)

    def review(self, key: str) -> str:
        """A review milestone."""
        return self.reviews.get(key) or readable(key)

    def check(self, review: str, key: str) -> str:
        """A line of a review's checklist."""
        return self.checks.get((review, key)) or readable(key)


def readable(key: str) -> str:
    """A key as a person can read it: ``welcome-call`` is "Welcome call"."""
    words = key.replace("-", " ").replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def titles_of(definition: Definition, language: Language = ENGLISH) -> Titles:
    """The titles of a definition. A text in one language only is used in both."""
    steps, reviews = definition.onboarding.steps, definition.reviews

    def said(text: Spoken) -> str:
        found = spoken(text, language).strip()
        return found if language == ENGLISH or text.cy else InEnglish(found)

    return Titles(
        # These are names, and subjects use them: they are the same in any language.
        programme=spoken(definition.title, language),
        office=spoken(definition.mail.from_name, language),
        reply_to=definition.mail.reply_to,
        mail_from=definition.mail.from_address or "",
        themes={theme.id: said(theme.title) for theme in definition.themes},
        steps={step.id: said(step.title) for step in steps},
        step_texts={step.id: said(step.text) for step in steps},
        reviews={review.id: said(review.title) for review in reviews},
        review_texts={review.id: said(review.text) for review in reviews},
        checks={
            (review.id, check.id): said(check.title)
            for review in reviews
            for check in review.checklist
        },
        language=language,
    )


@lru_cache(maxsize=64)
def parsed(source: str) -> tuple[Definition, Titles]:
    """A stored definition with its titles. Stored versions never change, so the result is cached.

    Raises ``DefinitionErrors``.
    """
    definition = load_definition(source, "stored programme", stored=True)
    return definition, titles_of(definition)


async def parsed_in_thread(source: str) -> tuple[Definition, Titles]:
    """``parsed`` in a thread: the first reading of a long definition takes seconds, and would block
    the event loop. Raises ``DefinitionErrors``."""
    return await asyncio.to_thread(parsed, source)


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
        found = found.get(part, {}) if isinstance(found, dict) else {}
    if not found and language != ENGLISH:
        return entry(*path)
    return found if isinstance(found, dict) else {}


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
    form = locale_of(language).plural_form(number)
    return fill(forms.get(form, forms["other"]), {"number": str(number)})


@cache
def locale_of(language: Language) -> Locale:
    """Babel's data of a language, read once."""
    return Locale.parse(LOCALES[language])


def filters(language: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters for that language's templates."""
    return {
        "soft": lambda text: soft(text, language),
        "lower_first": lambda text: lower_first(text, language),
        "on_day": lambda text: on_day(text, language),
        "counted": lambda number, thing: counted(number, thing, language),
    }
