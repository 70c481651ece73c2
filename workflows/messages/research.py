"""The commands of a research request."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class AcceptRequest:
    """Update ``accept_request``: triage → scope."""

    by: str


@dataclass(frozen=True)
class DeclineRequest:
    """Update ``decline_request``: triage → closed."""

    by: str
    reason: str


@dataclass(frozen=True)
class AskMember:
    """Update ``ask_member``: triage → answer."""

    by: str
    question: str


@dataclass(frozen=True)
class AnswerQuestion:
    """Update ``answer_question``: answer → triage."""

    by: str
    text: str


@dataclass(frozen=True)
class AgreeScope:
    """Update ``agree_scope``: scope → assign. ``due``, the delivery date, has a default."""

    by: str
    text: str
    format: str
    due: date | None = None


@dataclass(frozen=True)
class AssignRequest:
    """Update ``assign_request``: assign → draft, or another researcher while drafting."""

    by: str
    researcher: str


@dataclass(frozen=True)
class DeliverRequest:
    """Update ``deliver_request``: draft → acceptance. ``text`` is the note, with link or file."""

    by: str
    text: str


@dataclass(frozen=True)
class AcceptDelivery:
    """Update ``accept_delivery``: acceptance → feedback."""

    by: str


@dataclass(frozen=True)
class ReturnDelivery:
    """Update ``return_delivery``: acceptance → draft, as often as needed."""

    by: str
    comments: str


@dataclass(frozen=True)
class GiveFeedback:
    """Update ``give_feedback``: feedback → closed. ``score`` is 1 to 5."""

    by: str
    score: int
    text: str | None = None


@dataclass(frozen=True)
class WithdrawRequest:
    """Update ``withdraw_request``: at any time before it is closed."""

    by: str
    reason: str
