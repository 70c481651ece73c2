"""When an email counts as late after an outage, and whether late emails are combined."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from programmes.calendar import WorkingCalendar
from programmes.deadlines import shift_day
from programmes.durations import parse_duration
from programmes.fields import Part, Some

_A_MOMENT = timedelta(seconds=1)


class Outage(Part):
    """What becomes of emails that could not leave when they should have."""

    late_after: Some = Field(
        default="2h",
        description=(
            "From when on an email is late. Hours and minutes count within the sending hours alone."
        ),
        examples=["2h"],
    )
    then: Literal["collapse", "singly"] = Field(
        default="collapse",
        description=(
            "`collapse` puts the late tasks of a recipient into one email. `singly` sends each "
            "email."
        ),
        examples=["collapse"],
    )


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
