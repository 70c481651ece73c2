"""What is wrong with a definition as a whole: ladders, timing, summaries, ids and names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import get_args

from programmes.calendar import WorkingCalendar
from programmes.deadlines import due_after, opening_before
from programmes.fields import Role, days_of, hours_of
from programmes.nodes import Finding, Node
from programmes.office_hours import DigestTime
from programmes.plans import ONBOARDING
from programmes.problems import InvalidValue, meant
from programmes.vocabulary import DIGESTS


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
                earlier, later = rung["at"].text, previous["at"].text
                what = f"{earlier} comes before {later}, the rung above it"
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
            text, end = rung["at"].text, ladder["ends"].text
            what = f"this rung comes after the end of ladder {key!r} ({end})"
            fix = f"let the ladder end at {text} or later, or move the rung"
            yield Finding(rung["at"].path, what, fix)


def _words(rung: Node) -> Iterator[Finding]:
    at, says = rung["at"].duration, rung["says"].text
    if at is None:
        return
    # A rung counted in days goes out in the morning, and a task is due in the evening.
    late = at.signed > 0 or (at.signed == 0 and at.is_exact)
    if says == "overdue" and not late:
        what = f"at {rung['at'].text} nothing is overdue yet"
        fix = "write reminder, or move the rung to after the due date"
        yield Finding(rung["says"].path, what, fix)
    if says == "reminder" and at.signed > 0:
        what = f"at {rung['at'].text} the due date has passed"
        yield Finding(rung["says"].path, what, "write overdue or escalation")


_MOST_CYCLES = 60

_ONBOARDED = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""Where the checks start to count: closing time on an ordinary Monday."""


def timing_findings(root: Node) -> Iterator[Finding]:
    """Dates that cannot work: reviews too early, too many cycles, closures and hours."""
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
            break  # `_circles` finds reviews that wait for each other or for an unknown one
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
            what = f"this review would open, {opens.text} before its date, during the onboarding"
            yield Finding(opens.path, what, "open it later, or make it due later")


def _many_cycles(root: Node, last: datetime | None) -> Iterator[Finding]:
    every = root["advice"]["every"]
    if every.duration is None or every.duration.signed <= 0:
        return
    span = (last - _ONBOARDED).total_seconds() if last else 86_400 * 365
    if span / every.duration.nominal_seconds > _MOST_CYCLES:
        what = f"every {every.text} makes more than {_MOST_CYCLES} advice cycles"
        yield Finding(every.path, what, "write a longer interval")


def _closure(closure: Node) -> Iterator[Finding]:
    first, last = closure["first"], closure["last"]
    texts = [_day_text(node) for node in (first, last) if node]
    if len(texts) < 2 or "" in texts:
        return
    if len(texts[0]) != len(texts[1]):
        what = "one of these days has a year and the other has none"
        yield Finding(last.path, what, "write both with their year, or both without")
        return
    try:
        span = days_of(texts[0], texts[1], int(texts[0][:4]) if len(texts[0]) > 5 else 2026)
    except (ValueError, InvalidValue):
        return
    if span is not None and span[1] < span[0]:
        yield Finding(last.path, "the closure ends before it starts", "swap the two days")


def _day_text(node: Node) -> str:
    return str(node.value) if node else ""


def _hours(calendar: Node) -> Iterator[Finding]:
    hours, sending = calendar["hours"].text, calendar["sending"].text
    if hours is None or sending is None or len(hours) != 11 or len(sending) != 11:
        return
    if sending[:5] < hours[:5] or sending[6:] > hours[6:]:
        what = f"emails would leave outside the working hours ({hours})"
        yield Finding(
            calendar["sending"].path,
            what,
            "choose hours within them, or open the office for longer (`hours`)",
        )


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WITHIN = int(DigestTime.model_fields["within"].default)


def digest_findings(root: Node) -> Iterator[Finding]:
    """Summaries on a day, or at a time, when no email is sent."""
    calendar = root["calendar"]
    sending, days = calendar["sending"].text, [day.text for day in calendar["working_days"].items()]
    for name in DIGESTS:
        digest = root["digests"][name]
        if sending is not None and _leaves_outside(digest, sending):
            at = digest["at"]
            what = (
                f"this summary would leave from {at.text} on, over {_within(digest)} minutes, "
                f"but emails leave within {sending} only"
            )
            yield Finding(at.path, what, "choose a time at which all of them may leave")
        day = digest["on"]
        if day.text is not None and days and day.text not in days:
            what = f"{day.text} is not a working day, so this summary could not leave then"
            yield Finding(day.path, what, "choose a working day")


def _leaves_outside(digest: Node, sending: str) -> bool:
    at = digest["at"].text
    if at is None or not _TIME.fullmatch(at):
        return False
    try:
        first, last = hours_of(sending)
    except InvalidValue:
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
"""What the end of a ladder may do, by stage: to accept or close is allowed only where safe."""


def check(data: object) -> list[Finding]:
    """Everything that is wrong with a definition as a whole."""
    root = Node(data)
    return [
        *_same_ids(root),
        *_names(root),
        *_ladder_ends(root),
        *_circles(list(root["onboarding"]["steps"].items()), "step", _FREE_STEP, ()),
        *_circles(list(root["reviews"].items()), "review", _FREE_REVIEW, (ONBOARDING,)),
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
                what = f"{key!r} is there twice"
                yield Finding(item["id"].path, what, "give this one another id")
            if key is not None:
                seen.add(key)
    for review in root["reviews"].items():
        if review["id"].text == ONBOARDING:
            what = f"a review cannot be called {ONBOARDING!r}"
            yield Finding(review["id"].path, what, "give it another id")


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
                what = f"the role {node.text!r} is not among this programme's roles"
                yield Finding(node.path, what, f"add {node.text} to roles, or choose another")
    for _, stage in stages(root):
        ladder = stage["ladder"]
        if ladders and ladder.text is not None and ladder.text not in ladders:
            what = f"there is no ladder {ladder.text!r}"
            yield Finding(ladder.path, what, meant(ladder.text, ladders))


def _ladder_ends(root: Node) -> Iterator[Finding]:
    for name, stage in stages(root):
        end = stage["at_end"].text
        allowed = _ENDS.get(name, ("escalate",))
        if end in ("accept", "close") and end not in allowed:
            what = f"the stage {name} cannot {end} by itself"
            yield Finding(stage["at_end"].path, what, f"write {', '.join(allowed)}")


_FREE_STEP = "take one of them out of its after"
_FREE_REVIEW = "let one of them come after onboarding"


def _circles(parts: list[Node], name: str, free: str, roots: tuple[str, ...]) -> Iterator[Finding]:
    """Unknown names in ``after``, and parts that wait for each other; ``free`` says the fix."""
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
                what = f"there is no {name} {node.text!r}"
                yield Finding(node.path, what, meant(node.text, [*roots, *others]))
    reported: set[str] = set()
    for key in waits:
        circle = _circle_from(key, waits)
        if circle and not reported & set(circle):
            reported |= set(circle)
            path = known[circle[0]]["after"].path
            told = " → ".join((*circle, circle[0]))
            yield Finding(path, f"these {name}s wait for each other: {told}", free)


def _afters(part: Node) -> Iterable[Node]:
    after = part["after"]
    return [after] if after.text is not None else after.items()


def _circle_from(start: str, waits: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The shortest path from ``start`` back to itself; empty where there is none."""
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
