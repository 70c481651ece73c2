"""What a workflow decided, as it is written down: facts, the state of an item, tasks, notices.

These are the only values that cross from the workflows to the record. They hold ids, keys and
instants, never a name, an address or a sentence that a person wrote (``text`` ids: claim check).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from programmes.rules import ItemKind

EngagementStage = Literal["onboarding", "active", "completing", "completed", "withdrawn"]

MILEPOST = "milepost"
"""The actor of what nobody did: a rung, an opening by the plan, an automatic acceptance."""

INVITED = "invited"
"""The selector of those who have the item's date in their calendar, and get no other email of the
same record about it. Where nobody has it, there is nobody to tell, and nothing is amiss."""


_CONTACT = "con_"


def is_of_member(actor: str) -> bool:
    """Whether an actor is one of the member's contacts, and not of the office."""
    return actor.startswith(_CONTACT)


@dataclass(frozen=True)
class Fact:
    """One event of the timeline. ``kind`` is ``<family>.<past participle>``."""

    kind: str
    at: datetime
    actor: str = MILEPOST
    data: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """Id of the stored text that goes with it: a reason, a comment, an answer."""


@dataclass(frozen=True)
class TaskState:
    """An open task of an item. The record replaces all open tasks of the item by these."""

    key: str
    """Unique in its item: ``triage``, ``step:agreement``, ``action:2``."""
    family: str
    """Whose words tell it: ``onboarding``, ``research``, ``advice``, ``action``, ``review``."""
    owner: str
    """A role (``lead``, ``manager``, ``adviser``, ``researcher``) or the id of a person."""
    due_at: datetime
    revision: int
    soon_at: datetime
    stuck_at: datetime | None
    """When the task counts as stuck: the end of a ladder that escalates."""
    opened_at: datetime
    text: str | None = None
    """Id of the text that says what is to be done, where people agreed it: an action."""


@dataclass(frozen=True)
class Notice:
    """The intent to tell some people one thing; the record reserves one notification a recipient.

    Its key is (engagement, item, kind, rung, revision, recipient): one key, one email.
    """

    kind: str
    to: tuple[str, ...]
    """Selectors: owner ids or roles; ``member`` is all contacts, ``team`` the people on it."""
    rung: str = ""
    """Which one of its kind within the item: a rung's name with its task, or a counter."""
    task: str = ""
    """Key of the task that it is about; it is withheld if that task is no longer open."""
    revision: int = 0
    """The due revision of that task; withheld if the task has moved on."""
    text: str | None = None
    not_before: datetime | None = None
    """Opening of the next sending window, where the decision fell outside one."""


def first_to_leave(notices: Iterable[Notice]) -> datetime | None:
    """When the first of them may leave; ``None`` where that is at once, or there are none. Whoever
    sends them keeps the others for their readers' own day."""
    windows = [notice.not_before for notice in notices]
    later = [window for window in windows if window is not None]
    return min(later) if later and len(later) == len(windows) else None


@dataclass(frozen=True)
class ItemState:
    """The reading copy of an item."""

    kind: ItemKind
    key: str
    """``onboarding``, a review's key, an advice cycle's number, a research request's number."""
    stage: str
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: str = ""
    assignee: str = ""
    due_at: datetime | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    """Small details by name: text ids, dates, checklist ticks. Values are ids, keys, ISO dates."""


@dataclass(frozen=True)
class EngagementState:
    """The reading copy of an engagement."""

    stage: EngagementStage
    started_on: date
    opened_at: datetime
    onboarded_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    """Text id of the reason of a withdrawal."""
    moved: Mapping[str, date] = field(default_factory=dict)
    """Reviews that a manager has moved: key of the review to its new due date."""
    cycles: tuple[datetime, ...] = ()
    """When each advice cycle opened."""


@dataclass(frozen=True)
class Record:
    """One decision, written in one transaction: idempotent by ``(item_id, sequence)``.

    Records of an item may arrive late or out of order: facts and notices are kept under their keys
    whenever they come; states and tasks are taken only where ``sequence`` is the highest seen.
    """

    engagement_id: str
    item_id: str
    """The item, or the engagement's own id for what concerns the engagement itself."""
    sequence: int
    facts: tuple[Fact, ...]
    item: ItemState | None = None
    engagement: EngagementState | None = None
    tasks: tuple[TaskState, ...] | None = None
    """All open tasks of the item; ``None`` leaves them as they are."""
    notices: tuple[Notice, ...] = ()
    closes: str = ""
    """An outcome: closes the reading copy of an item whose own workflow is gone."""
