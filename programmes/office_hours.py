"""When an office works, as its definition says it."""

from typing import Annotated, Literal

from pydantic import Field

from programmes.fields import Day, Hours, Part, Weekday
from programmes.spoken import Line

Nation = Literal["ENG", "WLS", "SCT", "NIR"]


class Closure(Part):
    """Days on which the office is closed: every year (``12-24``) or once (``2026-12-24``)."""

    first: Day = Field(
        description="The first day: of every year, or of one year.",
        examples=["12-24", "2026-12-24"],
    )
    last: Day | None = Field(
        default=None,
        description="The last day. Without it, the closure is one day.",
        examples=["12-31"],
    )
    reason: Line = Field(
        description="Why the office is closed.", examples=["Closed between Christmas and New Year."]
    )


class UkCalendar(Part):
    """Working days in the United Kingdom: bank holidays follow the nation of each member."""

    kind: Literal["uk"] = Field(
        description="Working days and bank holidays of the United Kingdom.", examples=["uk"]
    )
    office: Nation = Field(
        default="ENG",
        description=(
            "The nation whose bank holidays the office keeps. Emails to its own people follow them."
        ),
        examples=["SCT"],
    )
    zone: Literal["Europe/London"] = Field(
        default="Europe/London",
        description="The time zone of all times.",
        examples=["Europe/London"],
    )
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = Field(
        description="The days of the week that count as working days.",
        examples=[["monday", "tuesday", "wednesday", "thursday", "friday"]],
    )
    hours: Hours = Field(
        description="When the office opens and closes. Tasks fall due when it closes.",
        examples=["09:00-17:00"],
    )
    sending: Hours = Field(
        description="When emails may leave, on working days.", examples=["09:00-16:30"]
    )
    spread: Annotated[int, Field(ge=0, le=180)] = Field(
        default=30,
        description=(
            "Minutes over which a morning's emails are spread. Each member keeps its own minute."
        ),
        examples=[30],
    )
    closures: tuple[Closure, ...] = Field(
        default=(), description="Days on which the office is closed, besides bank holidays."
    )


class OpenCalendar(Part):
    """A calendar that is always open: for a tour, whose days are counted in seconds."""

    kind: Literal["always-open"] = Field(
        description="Each second of the week is a working second. For trying things out.",
        examples=["always-open"],
    )
    zone: Line = Field(
        default="Europe/London",
        description="The time zone of all times.",
        examples=["Europe/London"],
    )
