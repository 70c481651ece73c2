"""When an office works, as its definition says it."""

from typing import Annotated, Literal

from pydantic import Field

from programmes.fields import Day, Hours, Part, Weekday
from programmes.spoken import Line

Nation = Literal["ENG", "WLS", "SCT", "NIR"]


class Closure(Part):
    """Days on which the office is closed: every year (``12-24``) or once (``2026-12-24``)."""

    first: Day
    last: Day | None = None
    reason: Line


class UkCalendar(Part):
    """Working days in the United Kingdom: bank holidays follow the nation of each member."""

    kind: Literal["uk"]
    office: Nation = "ENG"
    """Whose bank holidays the office itself keeps: emails to its own people leave by these."""
    zone: Literal["Europe/London"] = "Europe/London"
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    hours: Hours
    sending: Hours
    spread: Annotated[int, Field(ge=0, le=180)] = 30
    """Minutes over which one morning's emails are spread, so that not all leave at once: each
    member has its own minute, always the same."""
    closures: tuple[Closure, ...] = ()


class OpenCalendar(Part):
    """A calendar that is always open: for a tour, whose days are counted in seconds."""

    kind: Literal["always-open"]
    zone: Line = "Europe/London"
