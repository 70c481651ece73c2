"""The kinds of value in a definition, each refused with a word on what would be right."""

import re
from datetime import date, time
from email.errors import HeaderParseError
from email.headerregistry import Address as EmailAddress
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from programmes.durations import parse_duration
from programmes.problems import MistakeError
from programmes.spoken import Title, is_stored

Role = Literal["lead", "manager", "adviser", "researcher", "funder"]
Owner = Literal["lead", "manager", "adviser", "researcher"]
"""Who can have something to do; a funder hears, and has nothing to do."""
Selector = Literal["owner", "lead", "member", "manager", "adviser", "researcher", "funder", "team"]
"""Who hears: a role, ``owner`` of the task, ``member`` (all contacts), ``team`` (all at work)."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"(\d{4}-)?\d{2}-\d{2}")
_A_LEAP_YEAR = 2024


def hours_of(text: str) -> tuple[time, time]:
    """The two times of day in ``09:00-17:00``. Raises ``MistakeError``."""
    found = _HOURS.fullmatch(text)
    if found is None:
        raise MistakeError.of("hours.unknown", text=text)
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if first >= last:
        raise MistakeError.of("hours.backwards", text=text)
    return first, last


def days_of(first: str, last: str, year: int) -> tuple[date, date] | None:
    """From when to when a closure lies in ``year``: ``None`` where it was once, in another year.

    A closure of every year whose last day comes before its first one runs into the next year. The
    29th of February is the 28th in a year without one.
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
        raise MistakeError.of("day.unknown", text=text)
    try:
        date.fromisoformat(text if len(text) > len("12-24") else f"{_A_LEAP_YEAR}-{text}")
    except ValueError:
        raise MistakeError.of("day.none", text=text) from None
    return text


def _span(text: str) -> str:
    if parse_duration(text).sign < 0:
        raise MistakeError.of("duration.negative", text=text, meant=text.lstrip("-"))
    return text


def _before(text: str) -> str:
    if parse_duration(text).signed >= 0:
        raise MistakeError.of("duration.not_before", text=text)
    return text


def _some(text: str) -> str:
    if parse_duration(_span(text)).count == 0:
        raise MistakeError.of("duration.nothing", text=text)
    return text


def _offset(text: str) -> str:
    parse_duration(text)
    return text


def _address(text: str, info: ValidationInfo) -> str:
    """As the heading of an email takes it: every email that comes from another would be lost."""
    try:
        heading = EmailAddress(addr_spec=text)
    except (ValueError, HeaderParseError):
        heading = None
    if not is_stored(info) and (heading is None or not text.isascii()):
        raise MistakeError.of("field.address", text=text)
    return text


_LENGTH = r"^(P\d+M|\d+(wd|d|w|h|min|s))$"
_DURATION = f"^-?{_LENGTH[1:]}"


def _unit(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise MistakeError.of("duration.no_unit", number=value)
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
"""A duration that is not before anything: ``0wd`` is the same day."""
Some = Annotated[
    str,
    BeforeValidator(_unit),
    AfterValidator(_some),
    Field(json_schema_extra={"pattern": _LENGTH}),
]
"""A duration that is longer than nothing."""
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


class Part(BaseModel):
    """What all parts of a definition share: nothing unknown, nothing changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Titled(Part):
    """Something with a name for machines and one for people."""

    id: Key = Field(
        description="The name for machines. It stays the same in later versions.",
        examples=["good-jobs"],
    )
    title: Title = Field(description="The name for people.", examples=["Good jobs"])
