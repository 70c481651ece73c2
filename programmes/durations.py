"""Durations as people write them in a definition: ``3wd``, ``10d``, ``P3M``, ``5min``."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from programmes.problems import MistakeError
from programmes.sentences import say

Unit = Literal["wd", "d", "w", "months", "min", "s"]

_UNITS: dict[str, tuple[Unit, int]] = {
    "wd": ("wd", 1),
    "d": ("d", 1),
    "w": ("w", 1),
    "h": ("min", 60),
    "min": ("min", 1),
    "s": ("s", 1),
}

_NOMINAL_SECONDS: dict[Unit, float] = {
    "wd": 86_400 * 1.4,
    "d": 86_400,
    "w": 86_400 * 7,
    "months": 86_400 * 30.4,
    "min": 60,
    "s": 1,
}

_LONGEST_SECONDS = 86_400 * 3_660

_MONTHS = re.compile(r"P(\d{1,6})M")
_COUNT_AND_UNIT = re.compile(r"(\d{1,6})([a-z]+)")

_MEANT = {
    "": "wd",
    "m": "min",
    "mins": "min",
    "minute": "min",
    "minutes": "min",
    "sec": "s",
    "secs": "s",
    "seconds": "s",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "bd": "wd",
    "wds": "wd",
    "workingdays": "wd",
    "week": "w",
    "weeks": "w",
}
_MEANT_MONTHS = ("m", "mo", "month", "months")
_YEARS = ("y", "yr", "year", "years")

# Close to a duration: ISO periods (P2W, PT5M), words ("3 days"), a unit in the wrong case.
_NEARLY = re.compile(r"(?P<period>P?T?)(?P<count>\d{1,6})\s*(?P<unit>[a-z]*)", re.IGNORECASE)


class DurationError(MistakeError):
    """A text that is no duration."""


@dataclass(frozen=True)
class Duration:
    """``sign`` is 1 or -1 (before), ``count`` is never negative. Hours are counted as minutes."""

    sign: int
    count: int
    unit: Unit

    @property
    def signed(self) -> int:
        """The count with its sign."""
        return self.sign * self.count

    @property
    def is_exact(self) -> bool:
        """Counted on a clock (minutes, seconds) rather than on a calendar."""
        return self.unit in ("min", "s")

    @property
    def nominal_seconds(self) -> float:
        """About how long it is: to compare different units, never to compute a date."""
        return self.signed * _NOMINAL_SECONDS[self.unit]

    def times(self, factor: int) -> "Duration":
        """The duration ``factor`` times over; ``factor`` is not negative."""
        return Duration(self.sign, self.count * factor, self.unit)

    def before(self) -> "Duration":
        """The same span, backwards."""
        return Duration(-self.sign, self.count, self.unit)


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> Duration:
    """Read a duration. Raises ``DurationError`` with a sentence that says what would be right."""
    body = text.strip()
    sign = -1 if body.startswith("-") else 1
    body = body.removeprefix("-") if sign < 0 else body.removeprefix("+")
    duration = _months(body, sign) or _counted(body, sign)
    if duration is None:
        raise DurationError(say("duration.unknown.what", text=text), _fix(body, sign))
    if abs(duration.nominal_seconds) > _LONGEST_SECONDS:
        raise DurationError.of("duration.long", text=text)
    return duration


def _months(body: str, sign: int) -> Duration | None:
    found = _MONTHS.fullmatch(body)
    return _signed(sign, int(found[1]), "months") if found else None


def _counted(body: str, sign: int) -> Duration | None:
    found = _COUNT_AND_UNIT.fullmatch(body)
    if found is None or found[2] not in _UNITS:
        return None
    unit, size = _UNITS[found[2]]
    return _signed(sign, int(found[1]) * size, unit)


def _signed(sign: int, count: int, unit: Unit) -> Duration:
    # Nothing is neither before nor after, so that "-0wd" and "0wd" are one and the same.
    return Duration(sign if count else 1, count, unit)


def _fix(body: str, sign: int) -> str:
    meant = _meant(body, "-" if sign < 0 else "")
    return say("duration.unknown.fix", meant=meant) if meant else say("duration.grammar.fix")


def _meant(body: str, minus: str) -> str:
    """What the writer most likely meant; nothing where that is anybody's guess."""
    found = _NEARLY.fullmatch(body)
    if found is None:
        return ""
    count, unit = int(found["count"]), found["unit"].lower()
    months = f"{minus}P{count}M"
    if unit == "m" and not found["period"]:
        key = "duration.unknown.fix_month_or_minute"
        return say(key, minute=f"{minus}{count}min", month=months)
    if unit in _YEARS:
        return f"{minus}P{count * 12}M"
    if unit in _MEANT_MONTHS and found["period"] != "PT":
        return months
    meant = "min" if unit == "m" else _MEANT.get(unit, unit)
    return f"{minus}{count}{meant}" if meant in _UNITS else ""


def in_words(duration: Duration) -> str:
    """``3 working days``, ``1 month``: the span alone, without its direction."""
    number = "one" if duration.count == 1 else "many"
    return say(f"units.{duration.unit}.{number}", count=duration.count)
