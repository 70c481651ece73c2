"""What a language does to words in a sentence: mutations, small letters, forms after a number."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from babel import Locale

from notifications.languages import LOCALES, InEnglish, Language
from notifications.words import entry, fill


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
