"""Every message that a workflow takes or answers: one frozen dataclass each, opaque ids only.

Each command is an update of the same name as its class in snake case (``AcceptRequest`` is
``accept_request``). ``by`` is the id of the person or contact who asks. A ``text`` is the id of a
stored text (claim check). Commands answer ``Answer``; a refusal is an ``ApplicationError`` of type
``Refused`` whose message is a sentence for people.
"""

from workflows.messages.advice import (
    CloseCycle,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    MissSession,
    ProposeDates,
    RecordNotes,
    SendAgenda,
)
from workflows.messages.answers import (
    REFUSED,
    Answer,
)
from workflows.messages.engagement import (
    Complete,
    EngagementInput,
    EngagementProgress,
    MoveReview,
    OpenRequest,
    Start,
    Withdraw,
)
from workflows.messages.item import (
    ItemInput,
    ItemProgress,
    MoveDeadline,
)
from workflows.messages.onboarding import (
    CompleteStep,
    WaiveStep,
)
from workflows.messages.research import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    ReturnDelivery,
    WithdrawRequest,
)
from workflows.messages.review import (
    AddEvidence,
    ReturnReview,
    SignOffReview,
    SubmitReview,
)
from workflows.messages.shared import (
    AgreedAction,
    CloseItem,
    ItemEnded,
    ReviewMoved,
)

__all__ = [
    "REFUSED",
    "AcceptDelivery",
    "AcceptRequest",
    "AddEvidence",
    "AgreeScope",
    "AgreedAction",
    "Answer",
    "AnswerQuestion",
    "AskMember",
    "AssignRequest",
    "CloseCycle",
    "CloseItem",
    "Complete",
    "CompleteAction",
    "CompleteStep",
    "ConfirmDate",
    "DeclineRequest",
    "DeliverRequest",
    "EngagementInput",
    "EngagementProgress",
    "GiveFeedback",
    "HoldSession",
    "ItemEnded",
    "ItemInput",
    "ItemProgress",
    "MissSession",
    "MoveDeadline",
    "MoveReview",
    "OpenRequest",
    "ProposeDates",
    "RecordNotes",
    "ReturnDelivery",
    "ReturnReview",
    "ReviewMoved",
    "SendAgenda",
    "SignOffReview",
    "Start",
    "SubmitReview",
    "WaiveStep",
    "Withdraw",
    "WithdrawRequest",
]
