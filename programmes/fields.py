"""The kinds of value in a definition, such as a text in two languages, a day or a duration.

A wrong value is refused with a word on how to fix it.
"""

import re
from datetime import date, time
from email.errors import HeaderParseError
from email.headerregistry import Address as EmailAddress
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from programmes.durations import parse_duration
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


class Part(BaseModel):
    """What all parts of a definition share: unknown keys are refused, and nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LineInBoth(Part):
    """A title in English and Welsh."""

    en: Line
    cy: Line


_Paragraphs = Annotated[str, Field(min_length=1, max_length=4000)]


class TextInBoth(Part):
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


Role = Literal["lead", "manager", "adviser", "researcher", "funder"]
Owner = Literal["lead", "manager", "adviser", "researcher"]
"""Who can have a task. A funder gets emails, and never a task."""
Selector = Literal["owner", "lead", "member", "manager", "adviser", "researcher", "funder", "team"]
"""Who gets an email: a role, the task's ``owner``, ``member`` (all its contacts), or ``team``."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"(\d{4}-)?\d{2}-\d{2}")
_A_LEAP_YEAR = 2024


def hours_of(text: str) -> tuple[time, time]:
    """The two times of day in ``09:00-17:00``. Raises ``InvalidValue``."""
    found = _HOURS.fullmatch(text)
    if found is None:
        raise InvalidValue(f"{text!r} is not a span of hours", "write it like 09:00-17:00")
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if first >= last:
        raise InvalidValue(f"{text!r} ends before it starts", "write the earlier time first")
    return first, last


def days_of(first: str, last: str, year: int) -> tuple[date, date] | None:
    """The first and last day of a closure in ``year``; ``None`` where it is in another year only.

    A yearly closure whose last day comes before its first one runs into the next year. In a year
    without 29 February, 28 February stands for it.
    """
    if len(first) == len("2026-12-24"):
        if date.fromisoformat(first).year != year:
            return None
        return date.fromisoformat(first), date.fromisoformat(last)
    end = year if last >= first else year + 1
    return _in_year(first, year), _in_year(last, end)


def _in_year(text: str, year: int) -> date:
    if text == "02-29" and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        text = "02-28"
    return date.fromisoformat(f"{year}-{text}")


def _hours(text: str) -> str:
    hours_of(text)
    return text


def _day_text(value: object) -> object:
    # YAML reads 2026-12-24 as a date already, and 12-24 as text.
    return value.isoformat() if isinstance(value, date) else value


def _day(text: str) -> str:
    if not _DAY.fullmatch(text):
        raise InvalidValue(
            f"{text!r} is not a day", "write 12-24 (every year) or 2026-12-24 (once)"
        )
    try:
        date.fromisoformat(text if len(text) > len("12-24") else f"{_A_LEAP_YEAR}-{text}")
    except ValueError:
        raise InvalidValue(f"{text} does not exist", "write a day of the calendar") from None
    return text


def _span(text: str) -> str:
    if parse_duration(text).sign < 0:
        raise InvalidValue(
            f"{text!r} has a minus, which means before", f"leave out the minus: {text.lstrip('-')}"
        )
    return text


def _before(text: str) -> str:
    if parse_duration(text).signed >= 0:
        raise InvalidValue(
            f"{text!r} has no minus, which means before", "write it with a minus, such as -3wd"
        )
    return text


def _some(text: str) -> str:
    if parse_duration(_span(text)).count == 0:
        raise InvalidValue(f"{text!r} is no time at all", "write a longer time, such as P3M")
    return text


def _offset(text: str) -> str:
    parse_duration(text)
    return text


def _address(text: str, info: ValidationInfo) -> str:
    """The address as an email header allows it: emails from any other would be lost."""
    try:
        heading = EmailAddress(addr_spec=text)
    except (ValueError, HeaderParseError):
        heading = None
    if not is_stored(info) and (heading is None or not text.isascii()):
        raise InvalidValue(f"{text!r} is not an email address", "write it like office@example.org")
    return text


_LENGTH = r"^(P\d+M|\d+(wd|d|w|h|min|s))$"
_DURATION = f"^-?{_LENGTH[1:]}"


def _unit(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise InvalidValue(f"{value} has no unit", f"write {value}wd for working days")
    return value


Offset = Annotated[
    str,
    BeforeValidator(_unit),
    AfterValidator(_offset),
    Field(json_schema_extra={"pattern": _DURATION}),
]
"""A duration from a due date: before it with a minus, after it without."""
Span = Annotated[
    str,
    BeforeValidator(_unit),
    AfterValidator(_span),
    Field(json_schema_extra={"pattern": _LENGTH}),
]
"""A duration without a minus: ``0wd`` is the same day."""
Some = Annotated[
    str,
    BeforeValidator(_unit),
    AfterValidator(_some),
    Field(json_schema_extra={"pattern": _LENGTH}),
]
"""A duration longer than zero."""
Before = Annotated[
    str,
    BeforeValidator(_unit),
    AfterValidator(_before),
    Field(json_schema_extra={"pattern": f"^-{_LENGTH[1:]}"}),
]
"""A duration before something: with a minus."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Hours = Annotated[
    str, AfterValidator(_hours), Field(json_schema_extra={"pattern": f"^{_HOURS.pattern}$"})
]
"""Two times of day: ``09:00-17:00``."""
Day = Annotated[
    str,
    BeforeValidator(_day_text),
    AfterValidator(_day),
    Field(json_schema_extra={"pattern": f"^{_DAY.pattern}$"}),
]
"""A day of every year, ``12-24``, or of one year, ``2026-12-24``."""
Address = Annotated[
    str,
    Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254),
    AfterValidator(_address),
]


class Titled(Part):
    """Something with an id for programs and a title for people."""

    id: Key = Field(
        description="Identifier. It stays the same in later versions.",
        examples=["good-jobs"],
    )
    title: Title = Field(description="The name for people.", examples=["Good jobs"])
