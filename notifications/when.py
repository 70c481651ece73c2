"""Days and times in words, in the zone where they are read: "Tuesday 5 January 2027"."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

_PLAIN = {(0, 0): "midnight", (12, 0): "midday"}
"""Times whose "am" or "pm" nobody is sure of."""


@dataclass(frozen=True)
class Clock:
    """How a member reads time: its zone, and whether the time of day matters for a deadline."""

    zone: str
    to_the_minute: bool = False
    """An always-open programme counts in minutes and seconds; others count in days."""

    def day(self, instant: datetime | date) -> str:
        """The day: ``Tuesday 5 January 2027``."""
        return day_in_words(self._local(instant))

    def local_date(self, instant: datetime) -> date:
        """The day that it is in the zone."""
        return self._local(instant)

    def due(self, instant: datetime) -> str:
        """A deadline: the day, and the time of day where that matters."""
        if self.to_the_minute:
            return self.moment(instant, seconds=True)
        return self.day(instant)

    def moment(self, instant: datetime, *, seconds: bool = False) -> str:
        """The day and the time: ``Tuesday 5 January 2027 at 2:30pm``."""
        return f"{self.day(instant)} at {time_in_words(self._local_time(instant), seconds)}"

    def _local(self, instant: datetime | date) -> date:
        return self._local_time(instant).date() if isinstance(instant, datetime) else instant

    def _local_time(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


def day_in_words(day: date) -> str:
    """``Tuesday 5 January 2027``."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def short_day(day: date) -> str:
    """``3 March``: where the year is plain."""
    return f"{day.day} {day:%B}"


def time_in_words(local: datetime, seconds: bool = False) -> str:
    """``2:30pm``; with seconds where a programme counts in them."""
    if not seconds and (local.hour, local.minute) in _PLAIN:
        return _PLAIN[local.hour, local.minute]
    clock = f"{local:%I:%M:%S}" if seconds else f"{local:%I:%M}"
    return f"{clock.lstrip('0')}{'am' if local.hour < 12 else 'pm'}"
