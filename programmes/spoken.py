"""A text of a definition: plain, or in English and Welsh."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from programmes.problems import InvalidValue
from programmes.vocabulary import Language

STORED = "stored"
"""The key in Pydantic's context for a definition that was accepted earlier."""

_BREAKS = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_UNBROKEN = f"^[^{_BREAKS[1:-1]}]*$"


class Spoken(str):
    """The English text, which also holds the Welsh text."""

    cy: str

    def __new__(cls, en: str, cy: str = "") -> "Spoken":
        made = super().__new__(cls, en)
        made.cy = cy
        return made


def spoken(text: str, language: Language) -> str:
    """The text in that language; a text without Welsh is in English."""
    welsh = text.cy if isinstance(text, Spoken) else ""
    return welsh if language == "cy" and welsh else str(text)


def is_stored(info: ValidationInfo) -> bool:
    """Whether this definition was accepted earlier: engagements run on it, so it must load."""
    return bool(info.context and info.context.get(STORED))


def one_line(text: str) -> str:
    """The text on one line, as an email header needs it."""
    return " ".join(re.sub(_BREAKS, " ", text).split())


def _line(text: str, info: ValidationInfo) -> str:
    if not re.search(_BREAKS, text):
        return text
    if is_stored(info):
        return one_line(text)
    raise InvalidValue(
        "there is a line break here, or another character that cannot be shown",
        f"write it on one line, without | or >: {one_line(text)}",
    )


Line = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": _UNBROKEN}),
    AfterValidator(_line),
]
"""A title or a name in one language, without line breaks, which would break an email header."""


class _Both(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineInBoth(_Both):
    """A title in English and Welsh."""

    en: Line
    cy: Line


_Paragraphs = Annotated[str, Field(min_length=1, max_length=4000)]


class TextInBoth(_Both):
    """A text in English and Welsh."""

    en: _Paragraphs
    cy: _Paragraphs


class _Shape:
    """Reads a plain text, or the mapping of a text in both languages."""

    def __init__(self, both: type[LineInBoth] | type[TextInBoth], plain: Any) -> None:
        self._both = both
        self._plain = plain

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        either = Annotated[
            Annotated[self._both, Tag("both")] | Annotated[self._plain, Tag("plain")],  # type: ignore[name-defined]
            Discriminator(lambda given: "both" if isinstance(given, dict) else "plain"),
        ]
        return core_schema.no_info_after_validator_function(
            _as_spoken,
            handler.generate_schema(either),
            serialization=core_schema.to_string_ser_schema(),
        )


def _as_spoken(given: str | LineInBoth | TextInBoth) -> Spoken:
    return Spoken(given) if isinstance(given, str) else Spoken(given.en, given.cy)


Title = Annotated[Spoken, _Shape(LineInBoth, Line)]
Prose = Annotated[Spoken, _Shape(TextInBoth, _Paragraphs)]
