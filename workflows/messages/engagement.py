"""The messages of an engagement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.facts import EngagementStage
from programmes.rules import Rules
from workflows.messages.shared import AgreedAction


@dataclass(frozen=True)
class EngagementProgress:
    """What an engagement carries across continue-as-new: all of its state."""

    stage: EngagementStage
    sequence: int
    opened_at: datetime | None
    onboarded_at: datetime | None
    moved: Mapping[str, date]
    cycles: tuple[datetime, ...]
    carried: tuple[AgreedAction, ...]
    """Open actions of the last advice cycle, for the next one."""
    requests: int
    """How many research requests there were: the next one's number is one more."""
    items: Mapping[str, str]
    """Item id to ``kind:key`` of each item that is open."""
    ended: tuple[str, ...]
    """``kind:key`` of each item that has ended."""
    rolling_over: str = ""
    """Id of the advice cycle that was asked to make room for the next one."""
    processed: tuple[str, ...] = ()
    """Ids of the updates that were taken, since deduplication starts anew."""
    closed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class EngagementInput:
    """The input of the ``engagement`` workflow."""

    engagement_id: str
    member_id: str
    rules: Rules
    calendar: WorkingCalendar
    start: date
    by: str
    title: str
    """For the Temporal UI: the programme's key and the member's opaque id, never a name."""
    progress: EngagementProgress | None = None


@dataclass(frozen=True)
class Start:
    """Update-with-start ``start``: answers when the opening is on record. Idempotent."""

    by: str


@dataclass(frozen=True)
class OpenRequest:
    """Update ``open_request`` of the engagement: a member submits a research request."""

    by: str
    item_id: str
    text: str
    theme: str = ""


@dataclass(frozen=True)
class Withdraw:
    """Update ``withdraw`` of the engagement: it ends, every open item is closed with it."""

    by: str
    reason: str


@dataclass(frozen=True)
class Complete:
    """Update ``complete`` of the engagement: refused with its blockers while anything is open."""

    by: str


@dataclass(frozen=True)
class MoveReview:
    """Update ``move_review`` of the engagement: a review that has not opened yet."""

    by: str
    review: str
    due: date
    reason: str | None = None
