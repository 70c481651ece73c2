"""What no single line of a definition shows: names that lead nowhere, circles, impossible dates."""

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from programmes.fields import Role
from programmes.findings import Finding
from programmes.ladder_checks import ladder_findings
from programmes.nearness import meant
from programmes.nodes import Node
from programmes.plans import ONBOARDING
from programmes.timing_checks import timing_findings

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
            mend = meant(ladder.text, ladders)
            yield Finding.of(ladder.path, "ladder.unknown", name=ladder.text, meant=mend)


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
                mend = meant(node.text, [*roots, *others])
                yield Finding.of(node.path, f"after.{name}", name=node.text, meant=mend)
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
