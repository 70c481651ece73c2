"""The values that requests hold, with their limits, and the bodies that several subjects take."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from programmes.fields import one_line
from services.items import Note
from services.problems import wrong_words

_EARLIEST, _LATEST = date(2000, 1, 1), date(2099, 12, 31)

_VISIBLE = r"[^\x00-\x20\x7f-\x9f\u2028\u2029\s]"
"""A visible character: neither a space nor what ``one_line`` turns into one."""
_LINK = r"^https?://[!-~]+$"

BODY = ConfigDict(extra="forbid", str_strip_whitespace=True)
"""What every body has in common: an unknown field is an error."""


def wrong(name: str) -> PydanticCustomError:
    """The error to raise for a value that our own rules reject."""
    return PydanticCustomError(f"wrong_{name}", "{what}", dict(wrong_words(name)))


def _line(text: str) -> str:
    """One line: line breaks become spaces."""
    return _visible(one_line(text))


def _paragraphs(text: str) -> str:
    """Several lines, without the one character that PostgreSQL cannot store."""
    return _visible(text.replace("\x00", ""))


def _visible(text: str) -> str:
    if not re.search(_VISIBLE, text):
        raise wrong("text")
    return text.strip()


def _link(text: str) -> str:
    if text and not re.fullmatch(_LINK, text):
        raise wrong("link")
    return text


def _day(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise wrong("date")
    return day


def _instant(at: datetime) -> datetime:
    # Checked by date first, because an instant of the year 1 cannot be turned into UTC.
    _day(at.date())
    return at.astimezone(UTC)


Line = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": _VISIBLE}),
    AfterValidator(_line),
]
"""A title or a name."""

Paragraphs = Annotated[
    str,
    Field(min_length=1, max_length=20_000, json_schema_extra={"pattern": _VISIBLE}),
    AfterValidator(_paragraphs),
]
"""A text that a person writes."""

Link = Annotated[
    str,
    Field(max_length=2_000, json_schema_extra={"pattern": r"^(https?://[!-~]+)?$"}),
    AfterValidator(_link),
]
"""The address of a document, or nothing."""

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,79}$", max_length=80)]
"""An id, or the key of a step, a task or a review."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", max_length=40)]
"""A word of an agreed list. It may enter a workflow's history, so it cannot be a sentence."""

Day = Annotated[
    date,
    Field(description="A day of this century.", json_schema_extra={"pattern": r"^20\d\d-"}),
    AfterValidator(_day),
]
Instant = Annotated[
    AwareDatetime,
    Field(description="With its zone.", json_schema_extra={"pattern": r"^20\d\d-"}),
    AfterValidator(_instant),
]

Id = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9_.:-]{0,119}$",
        max_length=120,
        description="An id as the API gave it.",
    ),
]
"""An id in a path."""


Email = Annotated[str, Field(min_length=3, max_length=254, json_schema_extra={"format": "email"})]
"""An email address. Storage checks its form."""


class Body(BaseModel):
    """What every body has in common."""

    model_config = BODY


def shown(**values: object) -> ConfigDict:
    """The configuration of a body with this example in OpenAPI."""
    extra: dict[str, Any] = {"examples": [values]}
    return {**BODY, "json_schema_extra": extra}


class Written(Body):
    """A text, with a link to a document if there is one."""

    model_config = shown(
        text="Which local employers pay the real living wage?",
        title="Real living wage employers",
        link="https://example.org/brief.pdf",
    )
    text: Paragraphs
    title: Line | None = None
    link: Link = ""

    def note(self) -> Note:
        """The same, to be stored."""
        return Note(self.text, self.title or "", self.link)


class Reason(Body):
    """Why the caller does it."""

    model_config = shown(reason="The council has paused the programme until May.")
    reason: Paragraphs


class Comments(Body):
    """What has to change."""

    model_config = shown(comments="Please add figures for the last two years.")
    comments: Paragraphs


class OptionalText(Body):
    """A remark, if the caller has one."""

    model_config = shown(text="Signed by the chief executive.")
    text: Paragraphs | None = None


class NewDate(Body):
    """Another due date."""

    model_config = shown(due="2027-06-30", reason="The election falls into the month before.")
    due: Day
    reason: Paragraphs | None = None
