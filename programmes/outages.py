"""When an email counts as late after an outage, and whether late emails are combined."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from programmes.calendar import WorkingCalendar
from programmes.deadlines import shift_day
from programmes.durations import parse_duration
from programmes.fields import Part, Some

_A_MOMENT = timedelta(seconds=1)


class Outage(Part):
    """What becomes of emails that could not leave when they should have."""

    late_after: Some = "2h"
    """Hours and minutes count within the sending window alone: a night makes nothing late."""
    then: Literal["collapse", "singly"] = "collapse"
    """``collapse``: what is late for one recipient goes out in one email. ``singly``: each by
    itself, as if nothing had been."""


def late_from(calendar: WorkingCalendar, planned: datetime, span: str) -> datetime:
    """The instant from which an email planned for ``planned`` is late."""
    duration = parse_duration(span)
    start = calendar.next_send_instant(planned)
    if duration.is_exact:
        seconds = duration.count * (60 if duration.unit == "min" else 1)
        return _within_windows(calendar, start, timedelta(seconds=seconds))
    local = start.astimezone(ZoneInfo(calendar.zone))
    day = shift_day(calendar, local.date(), duration)
    same_time = datetime.combine(day, local.timetz()).astimezone(UTC)
    return calendar.next_send_instant(same_time)


def _within_windows(calendar: WorkingCalendar, start: datetime, left: timedelta) -> datetime:
    """The instant at which the sending window has been open for ``left`` since ``start``."""
    if calendar.always_open:
        return start + left
    while (closes := calendar.send_closing(calendar.local_date(start))) < start + left:
        left -= max(closes - start, timedelta())
        start = calendar.next_send_instant(closes + _A_MOMENT)
    return start + left
