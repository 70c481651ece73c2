"""The calendar by which one recipient gets emails: the member's, or the office's own."""

from dataclasses import replace

from programmes.calendar import WorkingCalendar
from programmes.definition import Definition
from programmes.holidays import office_calendar
from programmes.sides import is_office


def readers_calendar(
    calendar: WorkingCalendar, definition: Definition | None, recipient_id: str
) -> WorkingCalendar:
    """That of an engagement as it holds for this contact or person.

    Engagements that were started before their calendar knew the office's days off get these from
    the definition.
    """
    if not is_office(recipient_id) or calendar.always_open:
        return calendar
    if calendar.office is not None or definition is None or not calendar.non_working:
        return calendar.for_office()
    known = office_calendar(
        definition, first=calendar.non_working[0], last=calendar.non_working[-1]
    )
    return replace(calendar, non_working=known.non_working)
