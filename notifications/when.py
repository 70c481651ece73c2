"""Days and times in words, in the zone and the language in which they are read."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from notifications.languages import ENGLISH, LOCALES, Language
from notifications.words import entry, fill

_PLAIN = {(0, 0): "midnight", (12, 0): "midday"}
"""Times whose "am" or "pm" nobody is sure of."""


@dataclass(frozen=True)
class Clock:
    """How a member reads time: its zone, and whether the time of day matters for a deadline."""

    zone: str
    to_the_minute: bool = False
    """An always-open programme counts in minutes and seconds; others count in days."""
    language: Language = ENGLISH

    def day(self, instant: datetime | date) -> str:
        """The day: ``Tuesday 5 January 2027``."""
        return day_in_words(self._local(instant), self.language)

    def local(self, instant: datetime) -> datetime:
        """The same instant by the clocks of the zone."""
        return self._local_time(instant)

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
        time = time_in_words(self._local_time(instant), seconds, self.language)
        words = entry("when", language=self.language)
        return fill(words["moment"], {"day": self.day(instant), "time": time})

    def _local(self, instant: datetime | date) -> date:
        return self._local_time(instant).date() if isinstance(instant, datetime) else instant

    def _local_time(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


def day_in_words(day: date, language: Language = ENGLISH) -> str:
    """``Tuesday 5 January 2027``, ``dydd Mawrth 5 Ionawr 2027``."""
    words = format_date(day, "EEEE d MMMM y", locale=LOCALES[language])
    # Names of days have no capital in a Welsh sentence; Babel gives them one.
    return words if language == ENGLISH else words[:1].lower() + words[1:]


def short_day(day: date, language: Language = ENGLISH) -> str:
    """``3 March``: where the year is plain."""
    return format_date(day, "d MMMM", locale=LOCALES[language])


def time_in_words(local: datetime, seconds: bool = False, language: Language = ENGLISH) -> str:
    """``2:30pm``, in Welsh ``14:30``; with seconds where a programme counts in them."""
    if not seconds and (local.hour, local.minute) in _PLAIN:
        return str(entry("when", language=language)[_PLAIN[local.hour, local.minute]])
    if language != ENGLISH:
        pattern = "HH:mm:ss" if seconds else "HH:mm"
        return format_time(local.time(), pattern, locale=LOCALES[language])
    clock = f"{local:%I:%M:%S}" if seconds else f"{local:%I:%M}"
    return f"{clock.lstrip('0')}{'am' if local.hour < 12 else 'pm'}"
