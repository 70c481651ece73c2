"""Durations as people write them in a definition: ``3wd``, ``10d``, ``2w``, ``P3M``, ``5min``, ``30s``."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

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

_MONTHS = re.compile(r"P(\d+)M")
_COUNT_AND_UNIT = re.compile(r"(\d+)\s*([A-Za-z]*)")

GRAMMAR = (
    "write a whole number and a unit: 3wd (working days), 10d (days), 2w (weeks), "
    "P3M (months), 2h, 5min or 30s"
)

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
    "week": "w",
    "weeks": "w",
}


class DurationError(ValueError):
    """A text that is no duration. ``what`` is wrong with it, and ``mend`` says what would be right."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}; {mend}")
        self.what = what
        self.mend = mend


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
        """About how long it is, to compare durations of different units; never to compute a date."""
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
    body = body.lstrip("+-") if body[:1] in "+-" and body[1:2] not in "+-" else body
    duration = _months(body, sign) or _counted(body, sign)
    if duration is None:
        raise DurationError(f"{text!r} is not a duration", _suggestion(body, sign))
    if abs(duration.nominal_seconds) > _LONGEST_SECONDS:
        raise DurationError(f"{text!r} is longer than ten years", "write a shorter duration")
    return duration


def _months(body: str, sign: int) -> Duration | None:
    found = _MONTHS.fullmatch(body)
    return Duration(sign, int(found[1]), "months") if found else None


def _counted(body: str, sign: int) -> Duration | None:
    found = _COUNT_AND_UNIT.fullmatch(body)
    if found is None or found[2] not in _UNITS or " " in body:
        return None
    unit, size = _UNITS[found[2]]
    return Duration(sign, int(found[1]) * size, unit)


def _suggestion(body: str, sign: int) -> str:
    minus = "-" if sign < 0 else ""
    years = re.fullmatch(r"P?(\d+)\s*(?:Y|y|years?)", body)
    if years:
        return f"write {minus}P{int(years[1]) * 12}M"
    months = re.fullmatch(r"(?:P?(\d+)\s*(?:mo|months?|M|m)|p(\d+)m)", body)
    if months and not body.endswith("m") or months and body.lower().startswith("p"):
        return f"write {minus}P{months[1] or months[2]}M for months"
    iso = re.fullmatch(r"P(?:T)?(\d+)([DWHMS])", body)
    if iso:
        return f"write {minus}{iso[1]}{ {'M': 'min'}.get(iso[2], iso[2].lower()) }"
    found = _COUNT_AND_UNIT.fullmatch(body)
    if found:
        meant = _MEANT.get(found[2].lower(), found[2].lower())
        if found[2].lower() == "m":
            return f"write {minus}{found[1]}min for minutes or {minus}P{found[1]}M for months"
        if meant in _UNITS:
            return f"write {minus}{found[1]}{meant}"
    return GRAMMAR


_WORDS: dict[Unit, tuple[str, str]] = {
    "wd": ("working day", "working days"),
    "d": ("day", "days"),
    "w": ("week", "weeks"),
    "months": ("month", "months"),
    "min": ("minute", "minutes"),
    "s": ("second", "seconds"),
}


def in_words(duration: Duration) -> str:
    """``3 working days``, ``1 month``: the span alone, without its direction."""
    one, many = _WORDS[duration.unit]
    return f"{duration.count} {one if duration.count == 1 else many}"
