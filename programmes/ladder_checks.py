"""Whether the rungs of a ladder can be climbed: in order, before its end, with fitting words."""

from collections.abc import Iterator

from programmes.findings import Finding
from programmes.nodes import Node


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
                yield Finding.of(rung["at"].path, "ladder.same", at=rung["at"].text)
            elif at.nominal_seconds < before.nominal_seconds:
                texts = rung["at"].text, previous["at"].text
                path = rung["at"].path
                yield Finding.of(path, "ladder.order", at=texts[0], before=texts[1])
        if at is not None:
            previous = rung


def _end(key: str, ladder: Node) -> Iterator[Finding]:
    ends = ladder["ends"].duration
    if ends is None:
        return
    for rung in ladder["rungs"].items():
        at = rung["at"].duration
        if at is not None and at.nominal_seconds > ends.nominal_seconds:
            text, end = rung["at"].text, ladder["ends"].text
            yield Finding.of(rung["at"].path, "ladder.after_end", name=key, ends=end, at=text)


def _words(rung: Node) -> Iterator[Finding]:
    at, says = rung["at"].duration, rung["says"].text
    if at is None:
        return
    # Rungs of calendar days go out in the morning of their day, and a task is due in the evening.
    late = at.signed > 0 or (at.signed == 0 and at.is_exact)
    if says == "overdue" and not late:
        yield Finding.of(rung["says"].path, "ladder.not_overdue", at=rung["at"].text)
    if says == "reminder" and at.signed > 0:
        yield Finding.of(rung["says"].path, "ladder.overdue", at=rung["at"].text)
