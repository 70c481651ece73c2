"""Whether the rungs of a ladder can be climbed: in order, before its end, with fitting words."""

from collections.abc import Iterator

from programmes.explain import Finding
from programmes.nodes import Node

_CALENDAR_DAY = 86_400


def ladder_findings(ladders: Node) -> Iterator[Finding]:
    """What is wrong with each ladder."""
    for key, ladder in ladders.fields():
        yield from _order(ladder)
        yield from _end(key, ladder)
        for rung in ladder["rungs"].items():
            yield from _words(rung)


def _order(ladder: Node) -> Iterator[Finding]:
    previous: Node | None = None
    for rung in ladder["rungs"].items():
        at = rung["at"].duration
        before = previous["at"].duration if previous else None
        if at is not None and before is not None and previous is not None:
            if at.nominal_seconds == before.nominal_seconds:
                what = f"two rungs at {rung['at'].text}"
                yield Finding(rung["at"].path, what, "send one email, or move one of them")
            elif at.nominal_seconds < before.nominal_seconds:
                what = f"{rung['at'].text} comes before {previous['at'].text}, the rung above it"
                yield Finding(rung["at"].path, what, "put the rungs in the order of time")
        if at is not None:
            previous = rung


def _end(key: str, ladder: Node) -> Iterator[Finding]:
    ends = ladder["ends"].duration
    if ends is None:
        return
    for rung in ladder["rungs"].items():
        at = rung["at"].duration
        if at is not None and at.nominal_seconds > ends.nominal_seconds:
            what = f"this rung comes after the end of ladder {key!r} ({ladder['ends'].text})"
            mend = f"let the ladder end at {rung['at'].text} or later, or move the rung"
            yield Finding(rung["at"].path, what, mend)


def _words(rung: Node) -> Iterator[Finding]:
    at, says = rung["at"].duration, rung["says"].text
    if at is None:
        return
    # Rungs of calendar days go out in the morning of their day, and a task is due in the evening.
    late = at.signed > 0 or (at.signed == 0 and at.is_exact)
    if says == "overdue" and not late:
        what = f"at {rung['at'].text} nothing is overdue yet"
        yield Finding(rung["says"].path, what, "write reminder, or move the rung behind the date")
    if says == "reminder" and at.signed > 0:
        what = f"at {rung['at'].text} the date has passed"
        yield Finding(rung["says"].path, what, "write overdue or escalation")
