"""The summaries of a programme by name, and what a summary's period is called."""

from datetime import date
from typing import Literal

Digest = Literal["manager", "member"]
DIGESTS: tuple[Digest, ...] = ("manager", "member")


def week_of(day: date) -> str:
    """The name of a week: ``2027-W02``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def month_of(day: date) -> str:
    """The name of a month: ``2027-01``."""
    return f"{day:%Y-%m}"


def opens_month(day: date) -> bool:
    """Whether that weekday comes for the first time in its month."""
    return day.day <= 7
