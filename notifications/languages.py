"""The languages that emails are written in, and what a recipient may ask for."""

from programmes.vocabulary import LANGUAGES, Language, Mode

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "LOCALES",
    "TAGS",
    "WELSH",
    "InEnglish",
    "Language",
    "Mode",
    "languages_of",
]

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
