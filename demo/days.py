"""The story's days: relative to the day it was first played on, in the member's own calendar."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from programmes.calendar import WorkingCalendar
from programmes.deadlines import shift_day
from programmes.definition import Definition
from programmes.durations import parse_duration
from programmes.holidays import calendar_for
from programmes.vocabulary import Nation

SPANNED = timedelta(days=400)
"""How far the story reaches into the past and the future."""

DAYS = frozenset({"done_on", "held_on", "due"})
"""Fields of a move that hold a day."""


class Days:
    """Turns spans such as ``-11w`` and ``5wd`` into days of one member."""

    def __init__(self, today: date, definition: Definition, nation: Nation) -> None:
        self._today = today
        self._calendar: WorkingCalendar = calendar_for(
            definition, nation, first=today - SPANNED, last=today + SPANNED
        )

    def day(self, span: str) -> date:
        """The working day that lies that span from the story's first day."""
        return shift_day(self._calendar, self._today, parse_duration(span))

    def instant(self, span: str, at: str) -> datetime:
        """That time of that day, where the member is."""
        zone = ZoneInfo(self._calendar.zone)
        return datetime.combine(self.day(span), time.fromisoformat(at), zone)

    def resolved(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """The details of a move as the API wants them: spans have become days and instants."""
        return {name: self._resolved(name, value) for name, value in details.items()}

    def _resolved(self, name: str, value: Any) -> Any:
        if name in DAYS:
            return self.day(value).isoformat()
        if name == "dates":
            return [self.instant(each["day"], each["at"]).isoformat() for each in value]
        if name == "actions":
            return [self.resolved(action) for action in value]
        return value
