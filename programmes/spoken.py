"""A text of a definition: plain, or in English and in Welsh."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
)
from pydantic_core import CoreSchema, core_schema

Tongue = Literal["en", "cy"]


class Spoken(str):
    """The English text, with the Welsh beside it. Whoever asks for no language reads English."""

    cy: str

    def __new__(cls, en: str, cy: str = "") -> "Spoken":
        made = super().__new__(cls, en)
        made.cy = cy
        return made


def spoken(text: str, language: Tongue) -> str:
    """The text in that language; one that is written in one language only is the same in both."""
    welsh = text.cy if isinstance(text, Spoken) else ""
    return welsh if language == "cy" and welsh else str(text)


class _Both(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineInBoth(_Both):
    """A title in English and in Welsh."""

    en: Annotated[str, Field(min_length=1, max_length=200)]
    cy: Annotated[str, Field(min_length=1, max_length=200)]


class TextInBoth(_Both):
    """A text in English and in Welsh."""

    en: Annotated[str, Field(min_length=1, max_length=4000)]
    cy: Annotated[str, Field(min_length=1, max_length=4000)]


class _Shape:
    """Reads a plain text, or the mapping of a text in both languages."""

    def __init__(self, both: type[LineInBoth] | type[TextInBoth], longest: int) -> None:
        self._both = both
        self._longest = longest

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        plain = Annotated[str, Field(min_length=1, max_length=self._longest), Tag("plain")]
        either = Annotated[
            Annotated[self._both, Tag("both")] | plain,  # type: ignore[name-defined]
            Discriminator(lambda given: "both" if isinstance(given, dict) else "plain"),
        ]
        return core_schema.no_info_after_validator_function(
            _as_spoken,
            handler.generate_schema(either),
            serialization=core_schema.to_string_ser_schema(),
        )


def _as_spoken(given: str | LineInBoth | TextInBoth) -> Spoken:
    return Spoken(given) if isinstance(given, str) else Spoken(given.en, given.cy)


Title = Annotated[Spoken, _Shape(LineInBoth, 200)]
Prose = Annotated[Spoken, _Shape(TextInBoth, 4000)]
