"""A programme's rules as workflows and the planner carry them: keys and durations, no text.

Workflow histories hold them, so they are small and frozen, and contain no text by people.
Durations are strings in the grammar of ``programmes.durations``: ``3wd``, ``10d``, ``2w``, ``P3M``,
``5min``, ``30s``; a leading ``-`` means before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ItemKind = Literal["onboarding", "research", "advice", "review"]

LadderEnd = Literal["escalate", "accept", "close"]
"""What a ladder's end does: mark the task stuck, accept for the owner, or close the item."""

Says = Literal["reminder", "overdue", "escalation"]
"""What a rung says. The notification kind is ``<task family>.<says>``: ``research.reminder``."""


@dataclass(frozen=True)
class RungRule:
    """One reminder or escalation: ``at`` is relative to the due instant (``-3wd``, ``0wd``)."""

    name: str
    at: str
    to: tuple[str, ...]
    says: Says


@dataclass(frozen=True)
class LadderRule:
    """The rungs of a deadline in time order, and how long after the due instant the ladder ends."""

    rungs: tuple[RungRule, ...]
    ends: str


@dataclass(frozen=True)
class StageRule:
    """One task: its owner, its time, its ladder of reminders, and what happens at the end."""

    owner: str
    due: str
    ladder: str
    at_end: LadderEnd = "escalate"


@dataclass(frozen=True)
class StepRule:
    """An onboarding step. ``due`` counts from the start, or the end of the last of ``after``."""

    key: str
    stage: StageRule
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResearchRules:
    """The stages of a research request.

    ``draft.due`` is the default when the scope has no date. ``answer`` is the member's answer to a
    question. ``acceptance`` is the member's acceptance of the delivered work.
    """

    triage: StageRule
    answer: StageRule
    scope: StageRule
    assign: StageRule
    draft: StageRule
    acceptance: StageRule
    feedback: StageRule


@dataclass(frozen=True)
class AdviceRules:
    """Advice cycles: the first opens ``first`` after the onboarding, the others at ``interval``.

    ``agenda.due`` is a span before the session (``-3wd``), and ``notes.due`` a span after it.
    ``action`` is for an agreed action; its ``due`` is the default if no date was agreed.
    """

    first: str
    interval: str
    propose: StageRule
    confirm: StageRule
    agenda: StageRule
    session: StageRule
    notes: StageRule
    action: StageRule


@dataclass(frozen=True)
class ReviewRule:
    """A review milestone, due ``plus`` after ``after`` (``onboarding`` or another review's key)."""

    key: str
    after: str
    plus: str
    opens: str
    """How long before its due date it opens, as a positive span: ``20wd``."""
    checklist: tuple[str, ...]
    submit: StageRule
    """``submit.due`` is unused, because the plan sets a review's due date."""
    sign_off: StageRule
    revise: StageRule
    hears: tuple[str, ...]
    """Who gets the milestone email in addition to the member's lead and the team."""


@dataclass(frozen=True)
class Rules:
    """All rules of an engagement, compiled from one version of a definition."""

    programme: str
    version: int
    soon: str
    """How long before its due date a task counts as due soon: ``3wd``."""
    ladders: Mapping[str, LadderRule]
    onboarding: tuple[StepRule, ...]
    research: ResearchRules | None = None
    advice: AdviceRules | None = None
    reviews: tuple[ReviewRule, ...] = field(default=())

    def review(self, key: str) -> ReviewRule:
        """The review of that key. Raises ``KeyError`` where the programme has none."""
        for rule in self.reviews:
            if rule.key == key:
                return rule
        raise KeyError(key)

    def stage_of(self, kind: str, key: str, task: str) -> StageRule | None:
        """The rule of a task, with its owner and its ladder; ``None`` if the programme has none."""
        group, _, part = task.partition(":")
        holder: object = None
        match kind:
            case "onboarding":
                return next((step.stage for step in self.onboarding if step.key == part), None)
            case "research":
                holder = self.research
            case "advice":
                holder = self.advice
            case "review":
                holder = next((one for one in self.reviews if one.key == key), None)
        found = getattr(holder, group, None)
        return found if isinstance(found, StageRule) else None

    def ladders_of(self, kind: ItemKind, key: str) -> frozenset[str]:
        """The names of all ladders that an item of that kind and key may use."""
        match kind:
            case "onboarding":
                stages: list[StageRule] = [step.stage for step in self.onboarding]
            case "research":
                stages = [] if self.research is None else _stages(self.research)
            case "advice":
                stages = [] if self.advice is None else _stages(self.advice)
            case "review":
                stages = _stages(self.review(key))
        return frozenset(stage.ladder for stage in stages)


def _stages(rules: ResearchRules | AdviceRules | ReviewRule) -> list[StageRule]:
    return [stage for stage in vars(rules).values() if isinstance(stage, StageRule)]
