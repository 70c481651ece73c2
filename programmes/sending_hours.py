"""Whose working day counts for an email: the member's for its contacts, the office's for its own.

A selector or an id says it, so that the workflow, which knows no people, can tell as well.
"""

from collections.abc import Iterable
from datetime import datetime

from programmes.calendar import WorkingCalendar

_OFFICE = frozenset({"manager", "adviser", "researcher", "funder", "team"})
_PERSON = "per_"


def is_office(selector: str) -> bool:
    """Whether that role, or whoever has that id, is of the office."""
    return selector in _OFFICE or selector.startswith(_PERSON)


def calendar_of(calendar: WorkingCalendar, to: Iterable[str]) -> WorkingCalendar:
    """The calendar by which these hear: the office's, where all of them are of the office."""
    selectors = tuple(to)
    office = bool(selectors) and all(is_office(one) for one in selectors)
    return calendar.for_office() if office else calendar


def first_window(calendar: WorkingCalendar, to: Iterable[str], now: datetime) -> datetime:
    """The first instant from ``now`` on at which one of these may hear. Where both sides are meant,
    whoever sends the emails keeps the others until theirs."""
    sides = {is_office(one) for one in to} or {False}
    return min(
        (calendar.for_office() if office else calendar).next_send_instant(now) for office in sides
    )
