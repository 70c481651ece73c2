"""Names and inputs of the activities, as workflows see them. It imports nothing heavy."""

from dataclasses import dataclass
from datetime import datetime

from programmes.vocabulary import Digest

RECORD = "record"
"""Write one ``Record``: a local activity of the workflow that decided. Returns ``RecordResult``."""

DELIVER = "deliver"
"""Send what a record reserved (``DeliverInput``); runs on the delivery task queue."""

REMIND = "remind"
"""Write one ``Record`` and send what it reserved; runs on the delivery task queue."""

NOT_YET = "DeliveryNotYet"
"""The error type of an attempt that could not send everything: those emails have to wait."""

REDELIVER = "redeliver"
"""Send one notification again because a person asked. Runs on the delivery task queue."""

PLAN_DIGESTS = "plan_digests"
"""Reserve the summaries of one run (``DigestPlan``); returns their ids. On the delivery queue."""

SEND_DIGEST = "send_digest"
"""Send one summary, by its id. Runs on the delivery task queue. Returns the seconds of a long wait,
or nothing once the summary has had its turn."""

WITHHOLD_DIGEST = "withhold_digest"
"""Withhold one summary, by its id, because it is too late; runs on the delivery task queue."""

DELIVERY_QUEUE_SUFFIX = "-delivery"
"""The suffix that turns a workflow's task queue into its delivery task queue."""


@dataclass(frozen=True)
class RecordResult:
    """How many notifications the record has; 0 means that there is nothing to deliver."""

    notifications: int


@dataclass(frozen=True)
class TellInput:
    """A record outside any process whose recipients are to be told, and from when."""

    engagement_id: str
    item_id: str
    sequence: int
    not_before: datetime | None = None
    what: str = "an answer by email"
    """For operators who look at the workflow."""


@dataclass(frozen=True)
class DeliverInput:
    """The record whose notifications are to be sent."""

    engagement_id: str
    item_id: str
    sequence: int


@dataclass(frozen=True)
class RedeliverInput:
    """The notification to send again, and the number of the round."""

    notification_id: str
    round: int
    by: str
    text: str | None = None
    """The id of the user's comment."""


DIGEST_PAGE = 500
"""Summaries that one run of the workflow reserves and sends, before it continues as new."""


@dataclass(frozen=True)
class DigestProgress:
    """How far the summaries of one period are, from one run of the workflow to the next.

    Its size does not grow with the recipients: the ledger has what is still to be sent.
    """

    at: datetime
    """The instant that identifies the period: the begin of the first run."""
    after: str = ""
    """The last summary of the page before; empty at the begin of a round."""
    again_at: tuple[datetime, ...] = ()
    """When those that have to wait are tried again, each in another round. There are at most as
    many as quarters of an hour in the life of the summaries."""
    first_round: bool = True
    planned: int = 0
    handed_over: int = 0


@dataclass(frozen=True)
class DigestInput:
    """The programme, and which of its summaries."""

    programme_id: str
    digest: Digest
    progress: DigestProgress | None = None
    """``None`` in the first run."""
    page: int = DIGEST_PAGE


@dataclass(frozen=True)
class DigestPlan:
    """One page of the summaries of a period, which the instant identifies."""

    programme_id: str
    digest: Digest
    at: datetime
    after: str = ""
    """The last summary of the page before."""
    limit: int = DIGEST_PAGE
    unsent: bool = False
    """Whether only those that have not left, and need not wait longer, are asked for."""


@dataclass(frozen=True)
class DigestRun:
    """The result of a run."""

    planned: int
    handed_over: int
