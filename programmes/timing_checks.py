"""Whether the dates of a definition can come true, on a calendar that knows weekends alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from programmes.calendar import WorkingCalendar
from programmes.deadlines import due_after, opening_before
from programmes.fields import days_of
from programmes.findings import Finding
from programmes.nodes import Node
from programmes.plans import ONBOARDING
from programmes.problems import MistakeError

_MOST_CYCLES = 60

_ONBOARDED = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""Where the checks begin to count: the closing time of an ordinary Monday."""


def timing_findings(root: Node) -> Iterator[Finding]:
    """What cannot come true."""
    calendar = _nominal(always_open=root["calendar"]["kind"].text == "always-open")
    dues = _review_dues(root, calendar)
    yield from _early_reviews(root, calendar, dues)
    yield from _many_cycles(root, max(dues.values(), default=None))
    for closure in root["calendar"]["closures"].items():
        yield from _closure(closure)
    yield from _hours(root["calendar"])


def _nominal(*, always_open: bool) -> WorkingCalendar:
    nine, five = time(9), time(17)
    weekdays = (0, 1, 2, 3, 4)
    return WorkingCalendar("UTC", weekdays, nine, five, nine, five, (), always_open=always_open)


def _review_dues(root: Node, calendar: WorkingCalendar) -> dict[str, datetime]:
    due = {ONBOARDING: _ONBOARDED}
    waiting = list(root["reviews"].items())
    while waiting:
        ready = [review for review in waiting if (review["after"].text or ONBOARDING) in due]
        if not ready:
            break  # those that wait for each other, or for nobody, are told elsewhere
        for review in ready:
            waiting.remove(review)
            key, plus = review["id"].text, review["plus"]
            if key is not None and plus.duration is not None and plus.duration.sign > 0:
                due[key] = due_after(
                    calendar, due[review["after"].text or ONBOARDING], str(plus.text)
                )
    del due[ONBOARDING]
    return due


def _early_reviews(
    root: Node, calendar: WorkingCalendar, dues: dict[str, datetime]
) -> Iterator[Finding]:
    for review in root["reviews"].items():
        due, opens = dues.get(review["id"].text or ""), review["opens"]
        if due is None or opens.duration is None or opens.duration.sign < 0:
            continue
        if opening_before(calendar, due, str(opens.text)) < _ONBOARDED:
            yield Finding.of(opens.path, "timing.early", opens=opens.text)


def _many_cycles(root: Node, last: datetime | None) -> Iterator[Finding]:
    every = root["advice"]["every"]
    if every.duration is None or every.duration.signed <= 0:
        return
    span = (last - _ONBOARDED).total_seconds() if last else 86_400 * 365
    if span / every.duration.nominal_seconds > _MOST_CYCLES:
        yield Finding.of(every.path, "timing.cycles", every=every.text, most=_MOST_CYCLES)


def _closure(closure: Node) -> Iterator[Finding]:
    first, last = closure["first"], closure["last"]
    texts = [_day_text(node) for node in (first, last) if node]
    if len(texts) < 2 or "" in texts:
        return
    if len(texts[0]) != len(texts[1]):
        yield Finding.of(last.path, "closure.mixed")
        return
    try:
        span = days_of(texts[0], texts[1], int(texts[0][:4]) if len(texts[0]) > 5 else 2026)
    except (ValueError, MistakeError):
        return
    if span is not None and span[1] < span[0]:
        yield Finding.of(last.path, "closure.backwards")


def _day_text(node: Node) -> str:
    return str(node.value) if node else ""


def _hours(calendar: Node) -> Iterator[Finding]:
    hours, sending = calendar["hours"].text, calendar["sending"].text
    if hours is None or sending is None or len(hours) != 11 or len(sending) != 11:
        return
    if sending[:5] < hours[:5] or sending[6:] > hours[6:]:
        yield Finding.of(calendar["sending"].path, "hours.outside", hours=hours)
