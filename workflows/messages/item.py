"""The messages that every item takes, and what it starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.rules import (
    AdviceRules,
    ItemKind,
    LadderRule,
    ResearchRules,
    ReviewRule,
    StepRule,
)
from workflows.ladder import OpenDeadline
from workflows.messages.shared import AgreedAction


@dataclass(frozen=True)
class ItemProgress:
    """What an item carries across continue-as-new: all of its state."""

    stage: str
    sequence: int
    assignee: str
    due_at: datetime | None
    data: Mapping[str, str]
    open: Mapping[str, OpenDeadline]
    revisions: Mapping[str, int]
    actions: tuple[AgreedAction, ...] = ()
    dates: tuple[datetime, ...] = ()
    processed: tuple[str, ...] = ()
    """Ids of the updates that were taken, since deduplication starts anew."""
    closed_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True)
class ItemInput:
    """What every item starts from. The opening itself is on record already: sequence 1."""

    engagement_id: str
    item_id: str
    kind: ItemKind
    key: str
    opened_at: datetime
    by: str
    calendar: WorkingCalendar
    ladders: Mapping[str, LadderRule]
    soon: str
    title: str
    onboarding: tuple[StepRule, ...] = ()
    begins: datetime | None = None
    """From when an onboarding counts: its start date, which may lie before ``opened_at``."""
    research: ResearchRules | None = None
    text: str = ""
    theme: str = ""
    advice: AdviceRules | None = None
    carried: tuple[AgreedAction, ...] = ()
    review: ReviewRule | None = None
    due: datetime | None = None
    progress: ItemProgress | None = None
    """What the item carries across continue-as-new."""


@dataclass(frozen=True)
class MoveDeadline:
    """Update ``move_deadline`` of any item: a task's new due date, and so a new revision."""

    by: str
    task: str
    due: date
    reason: str | None = None
