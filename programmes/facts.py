"""A workflow's decision in the form of a record: facts, the state of an item, tasks, notices.

Only these values go from the workflows to the database. They hold ids, keys and instants, and never
a name, an address or a text by a person (``text`` is an id: claim check).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from programmes.rules import ItemKind

EngagementStage = Literal["onboarding", "active", "completing", "completed", "withdrawn"]

MILEPOST = "milepost"
"""The actor of what the system does: a rung, a planned opening, an automatic acceptance."""

INVITED = "invited"
"""The selector of recipients with the item's date in their calendar who get no other email of the
same record. It may mean no recipient."""


_CONTACT = "con_"


def is_of_member(actor: str) -> bool:
    """Whether an actor is a contact of the member, and not of the office."""
    return actor.startswith(_CONTACT)


@dataclass(frozen=True)
class Fact:
    """One event of the timeline. ``kind`` is ``<family>.<past participle>``."""

    kind: str
    at: datetime
    actor: str = MILEPOST
    data: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """The id of its stored text: a reason, a comment, an answer."""


@dataclass(frozen=True)
class TaskState:
    """An open task of an item. A record replaces all open tasks of its item."""

    key: str
    """Unique in its item: ``triage``, ``step:agreement``, ``action:2``."""
    family: str
    """Which words describe it: ``onboarding``, ``research``, ``advice``, ``action``, ``review``."""
    owner: str
    """A role (``lead``, ``manager``, ``adviser``, ``researcher``) or the id of a person."""
    due_at: datetime
    revision: int
    soon_at: datetime
    stuck_at: datetime | None
    """When the task counts as stuck: the end of a ladder that escalates."""
    opened_at: datetime
    text: str | None = None
    """The id of the text of an agreed action."""


@dataclass(frozen=True)
class Notice:
    """The intent to tell some people one thing. The record reserves one notification per recipient.

    Its key is (engagement, item, kind, rung, revision, recipient): one key, one email.
    """

    kind: str
    to: tuple[str, ...]
    """Selectors: ids or roles. ``member`` means all contacts, ``team`` all people in the team."""
    rung: str = ""
    """Distinguishes notices of one kind in an item: a rung's name with its task, or a counter."""
    task: str = ""
    """The key of its task. The email is withheld if that task is no longer open."""
    revision: int = 0
    """The due revision of that task. The email is withheld if the task has a newer one."""
    text: str | None = None
    not_before: datetime | None = None
    """The start of the next sending window, if the decision came outside one."""


def first_to_leave(notices: Iterable[Notice]) -> datetime | None:
    """When the first of them may leave; ``None`` for at once, or without notices. The sender delays
    the others until their recipients' own window."""
    windows = [notice.not_before for notice in notices]
    later = [window for window in windows if window is not None]
    return min(later) if later and len(later) == len(windows) else None


@dataclass(frozen=True)
class ItemState:
    """The read model of an item."""

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
    """The read model of an engagement."""

    stage: EngagementStage
    started_on: date
    opened_at: datetime
    onboarded_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    """The text id of the reason for a withdrawal."""
    moved: Mapping[str, date] = field(default_factory=dict)
    """The new due dates of reviews that a manager has moved, by the review's key."""
    cycles: tuple[datetime, ...] = ()
    """When each advice cycle opened."""


@dataclass(frozen=True)
class Record:
    """One decision, written in one transaction: idempotent by ``(item_id, sequence)``.

    Records of an item may arrive late or out of order. Facts and notices are always stored under
    their keys. States and tasks are taken only if ``sequence`` is the highest seen.
    """

    engagement_id: str
    item_id: str
    """The item, or the engagement's id if the record is about the engagement itself."""
    sequence: int
    facts: tuple[Fact, ...]
    item: ItemState | None = None
    engagement: EngagementState | None = None
    tasks: tuple[TaskState, ...] | None = None
    """All open tasks of the item; ``None`` changes nothing."""
    notices: tuple[Notice, ...] = ()
    closes: str = ""
    """An outcome, which closes the read model of an item whose workflow is gone."""
