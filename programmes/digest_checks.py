"""Whether a summary can leave when the definition says: emails leave in office hours alone."""

import re
from collections.abc import Iterator
from datetime import time

from programmes.digest_times import DigestTime
from programmes.digests import DIGESTS
from programmes.fields import hours_of
from programmes.findings import Finding
from programmes.nodes import Node
from programmes.problems import MistakeError

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WITHIN = int(DigestTime.model_fields["within"].default)


def digest_findings(root: Node) -> Iterator[Finding]:
    """What is said to leave on a day, or at a time, at which nothing does."""
    calendar = root["calendar"]
    sending, days = calendar["sending"].text, [day.text for day in calendar["working_days"].items()]
    for name in DIGESTS:
        digest = root["digests"][name]
        if sending is not None and _leaves_outside(digest, sending):
            at = digest["at"]
            yield Finding.of(
                at.path, "digest.hours", at=at.text, within=_within(digest), hours=sending
            )
        day = digest["on"]
        if day.text is not None and days and day.text not in days:
            yield Finding.of(day.path, "digest.day", day=day.text)


def _leaves_outside(digest: Node, sending: str) -> bool:
    at = digest["at"].text
    if at is None or not _TIME.fullmatch(at):
        return False
    try:
        first, last = hours_of(sending)
    except MistakeError:
        return False
    begins = _minutes(time.fromisoformat(at))
    return begins < _minutes(first) or begins + _within(digest) > _minutes(last)


def _within(digest: Node) -> int:
    within = digest["within"].value
    return within if isinstance(within, int) else _WITHIN


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
