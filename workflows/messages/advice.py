"""The commands of an advice cycle."""

from dataclasses import dataclass
from datetime import date, datetime

from workflows.messages.shared import AgreedAction


@dataclass(frozen=True)
class ProposeDates:
    """Update ``propose_dates``: propose (or confirm, anew) → confirm. One to five instants."""

    by: str
    dates: tuple[datetime, ...]


@dataclass(frozen=True)
class ConfirmDate:
    """Update ``confirm_date``: confirm → session. ``choice`` counts the proposed dates from 0."""

    by: str
    choice: int


@dataclass(frozen=True)
class SendAgenda:
    """Update ``send_agenda``: while the session is ahead."""

    by: str
    text: str


@dataclass(frozen=True)
class HoldSession:
    """Update ``hold_session``: session → notes, once its day has come.

    With ``held_on`` (today or before) also for a session that was never fixed here: it took place.
    """

    by: str
    held_on: date | None = None


@dataclass(frozen=True)
class MissSession:
    """Update ``miss_session``: session → propose, for a reason."""

    by: str
    reason: str


@dataclass(frozen=True)
class RecordNotes:
    """Update ``record_notes``: notes → actions (or closed, where nothing was agreed)."""

    by: str
    text: str
    actions: tuple[AgreedAction, ...] = ()


@dataclass(frozen=True)
class CompleteAction:
    """Update ``complete_action``: the cycle closes with its last open action."""

    by: str
    action: str
    text: str | None = None


@dataclass(frozen=True)
class CloseCycle:
    """Update ``close_cycle``: nothing comes of it, for a reason; its open actions are dropped."""

    by: str
    reason: str
