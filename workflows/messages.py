"""Every message that a workflow takes or answers: one frozen dataclass each, opaque ids only.

Each command is an update of the same name as its class in snake case (``AcceptRequest`` is
``accept_request``). ``by`` is the id of the person or contact who asks. A ``text`` is the id of a
stored text (claim check). Commands answer ``Answer``; a refusal is an ``ApplicationError`` of type
``Refused`` whose message is a sentence for people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from temporalio.exceptions import ApplicationError

from programmes.calendar import WorkingCalendar
from programmes.facts import EngagementStage
from programmes.rules import (
    AdviceRules,
    ItemKind,
    LadderRule,
    ResearchRules,
    ReviewRule,
    Rules,
    StepRule,
)
from workflows.ladder import OpenDeadline

REFUSED = "Refused"
"""The error type of every refusal; its details may hold ``{"blockers": [...]}``."""


@dataclass(frozen=True)
class Answer:
    """The state after a command. The next read of the database has at least this sequence."""

    id: str
    stage: str
    sequence: int


NOT_RECORDED = "NotRecorded"
"""The error type of a command whose record the database will never take."""


def refusal(sentence: str, blockers: Sequence[str] = ()) -> ApplicationError:
    """The error to raise if a command is not possible now. ``sentence`` says what to do.

    ``blockers`` lists the open items in the way as ``kind:key``, in the error's details. The error
    is never retried, because the caller has to decide again.
    """
    details = ({"blockers": list(blockers)},) if blockers else ()
    return ApplicationError(sentence, *details, type=REFUSED, non_retryable=True)


@dataclass(frozen=True)
class AgreedAction:
    """An action agreed in an advice session: who does what by when."""

    id: str
    text: str
    owner: str
    """``lead``, ``adviser``, ``manager``, or the id of a contact or person."""
    due: date
    done: bool = False


@dataclass(frozen=True)
class ItemEnded:
    """Signal ``item_ended`` from an item to its engagement."""

    item_id: str
    kind: ItemKind
    key: str
    outcome: str
    at: datetime
    carried: tuple[AgreedAction, ...] = ()


@dataclass(frozen=True)
class ReviewMoved:
    """Signal ``review_moved`` from an open review to its engagement, whose later dates follow."""

    review: str
    due: date
    sequence: int = 0
    """The number of the review's record that moved it. An older move that arrives late is ignored.
    Earlier versions of Milepost sent none."""


@dataclass(frozen=True)
class Restate:
    """Signal ``restate`` from ``milepost reconcile``: record the whole state once more."""

    above: int = 0
    """The record gets a number above this one: that of a database that is ahead of the workflow,
    because an operator reset the workflow."""


@dataclass(frozen=True)
class CloseItem:
    """Signal ``close_item`` from the engagement: it ends, or (advice) the next cycle is due."""

    by: str
    outcome: str
    """How the engagement ends (``completed``, ``withdrawn``, ``cancelled``), or ``rolled_over``. An
    item that is cancelled in Temporal uses ``cancelled``, too."""
    reason: str | None = None


@dataclass(frozen=True)
class CompleteStep:
    """Update ``complete_step``. ``done_on`` is the day on which the step was done, if that is past.
    An office needs it for members who joined before it had Milepost."""

    by: str
    step: str
    text: str | None = None
    done_on: date | None = None


@dataclass(frozen=True)
class WaiveStep:
    """Update ``waive_step``: the step is not needed, for a reason."""

    by: str
    step: str
    reason: str


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


@dataclass(frozen=True)
class ProposeDates:
    """Update ``propose_dates``: propose, or confirm again → confirm. One to five instants."""

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

    With ``held_on`` (today or earlier), also for a session without a confirmed date.
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
    """Update ``record_notes``: notes → actions, or closed if nothing was agreed."""

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
    """Update ``close_cycle``: end the cycle for a reason, and drop its open actions."""

    by: str
    reason: str


@dataclass(frozen=True)
class AddEvidence:
    """Update ``add_evidence``: ticks one item of the checklist and stores its text or link."""

    by: str
    check: str
    text: str


@dataclass(frozen=True)
class SubmitReview:
    """Update ``submit_review``: preparing → submitted; refused while the checklist has gaps."""

    by: str
    text: str | None = None


@dataclass(frozen=True)
class SignOffReview:
    """Update ``sign_off_review``: submitted → closed."""

    by: str
    text: str | None = None


@dataclass(frozen=True)
class ReturnReview:
    """Update ``return_review``: submitted → preparing, with comments."""

    by: str
    comments: str


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
    """Ids of the updates that were taken: Temporal's deduplication starts again with each run."""
    closed_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True)
class ItemInput:
    """What every item starts from. The opening itself is recorded already: sequence 1."""

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
    """The start of an onboarding, which may be before ``opened_at``."""
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
    """Ids of the updates that were taken: Temporal's deduplication starts again with each run."""
    closed_at: datetime | None = None
    reason: str | None = None
    moves: Mapping[str, int] = field(default_factory=dict)
    """The number of the latest move of each open review."""


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
    """Update-with-start ``start``: answers when the opening is recorded. Idempotent."""

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
