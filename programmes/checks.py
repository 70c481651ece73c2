"""Whether the rungs of a ladder can be climbed: in order, before its end, with fitting words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import get_args

from programmes.calendar import WorkingCalendar
from programmes.deadlines import due_after, opening_before
from programmes.digests import DIGESTS
from programmes.fields import Role, days_of, hours_of
from programmes.nodes import Finding, Node
from programmes.office_hours import DigestTime
from programmes.plans import ONBOARDING
from programmes.problems import MistakeError, meant


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


_ROLES = get_args(Role)
_STAGES_OF_RESEARCH = ("triage", "answer", "scope", "assign", "draft", "acceptance", "feedback")
_STAGES_OF_ADVICE = ("propose", "confirm", "agenda", "session", "notes", "action")
_STAGES_OF_REVIEWS = ("submit", "sign_off", "revise")

_ENDS: Mapping[str, tuple[str, ...]] = {
    "answer": ("escalate", "close"),
    "acceptance": ("escalate", "accept", "close"),
    "feedback": ("escalate", "close"),
    "confirm": ("escalate", "close"),
    "action": ("escalate", "close"),
}
"""What a ladder's end may do beside marking a task as stuck: only where that hurts nobody."""


def check(data: object) -> list[Finding]:
    """Everything that is wrong with a definition as a whole."""
    root = Node(data)
    return [
        *_same_ids(root),
        *_names(root),
        *_ladder_ends(root),
        *_circles(list(root["onboarding"]["steps"].items()), "step", ()),
        *_circles(list(root["reviews"].items()), "review", (ONBOARDING,)),
        *ladder_findings(root["ladders"]),
        *timing_findings(root),
    ]


def stages(root: Node) -> Iterator[tuple[str, Node]]:
    """Every stage that has an owner and a ladder, with its name."""
    for step in root["onboarding"]["steps"].items():
        yield "step", step
    for name in _STAGES_OF_RESEARCH:
        yield name, root["research"][name]
    for name in _STAGES_OF_ADVICE:
        yield name, root["advice"][name]
    for review in root["reviews"].items():
        for name in _STAGES_OF_REVIEWS:
            yield name, review[name]


def _same_ids(root: Node) -> Iterator[Finding]:
    lists = [root["themes"], root["onboarding"]["steps"], root["reviews"]]
    lists += [review["checklist"] for review in root["reviews"].items()]
    lists += [ladder["rungs"] for _, ladder in root["ladders"].fields()]
    for listed in lists:
        seen: set[str] = set()
        for item in listed.items():
            key = item["id"].text
            if key is not None and key in seen:
                yield Finding.of(item["id"].path, "id.twice", key=key)
            if key is not None:
                seen.add(key)
    for review in root["reviews"].items():
        if review["id"].text == ONBOARDING:
            yield Finding.of(review["id"].path, "id.onboarding", key=ONBOARDING)


def _names(root: Node) -> Iterator[Finding]:
    ladders = [key for key, _ in root["ladders"].fields()]
    roles = [key for key, _ in root["roles"].fields()]
    speakers = [stage["owner"] for _, stage in stages(root)]
    for _, ladder in root["ladders"].fields():
        for rung in ladder["rungs"].items():
            speakers += rung["to"].items()
    for review in root["reviews"].items():
        speakers += review["hears"].items()
    if roles:
        for node in speakers:
            if node.text in _ROLES and node.text not in roles:
                yield Finding.of(node.path, "role.undeclared", role=node.text)
    for _, stage in stages(root):
        ladder = stage["ladder"]
        if ladders and ladder.text is not None and ladder.text not in ladders:
            fix = meant(ladder.text, ladders)
            yield Finding.of(ladder.path, "ladder.unknown", name=ladder.text, meant=fix)


def _ladder_ends(root: Node) -> Iterator[Finding]:
    for name, stage in stages(root):
        end = stage["at_end"].text
        allowed = _ENDS.get(name, ("escalate",))
        if end in ("accept", "close") and end not in allowed:
            path, words = stage["at_end"].path, ", ".join(allowed)
            yield Finding.of(path, "end.impossible", stage=name, end=end, allowed=words)


def _circles(parts: list[Node], name: str, roots: tuple[str, ...]) -> Iterator[Finding]:
    """Names in ``after`` that are unknown, and parts that wait for each other."""
    known = {part["id"].text: part for part in parts if part["id"].text is not None}
    waits: dict[str, list[str]] = {}
    for key, part in known.items():
        waits[str(key)] = []
        for node in _afters(part):
            if node.text is None or node.text in roots:
                continue
            if node.text in known:
                waits[str(key)].append(node.text)
            else:
                others = [str(one) for one in known if one != key]
                fix = meant(node.text, [*roots, *others])
                yield Finding.of(node.path, f"after.{name}", name=node.text, meant=fix)
    reported: set[str] = set()
    for key in waits:
        circle = _circle_from(key, waits)
        if circle and not reported & set(circle):
            reported |= set(circle)
            path = known[circle[0]]["after"].path
            told = " → ".join((*circle, circle[0]))
            yield Finding.of(path, f"circle.{name}", circle=told)


def _afters(part: Node) -> Iterable[Node]:
    after = part["after"]
    return [after] if after.text is not None else after.items()


def _circle_from(start: str, waits: Mapping[str, list[str]]) -> tuple[str, ...]:
    """A shortest way from ``start`` back to itself; empty where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in waits[way[-1]]:
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()
