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


@dataclass(frozen=True)
class DigestInput:
    """The programme, and which of its summaries."""

    programme_id: str
    digest: Digest


@dataclass(frozen=True)
class DigestPlan:
    """The same, with the instant that identifies the period."""

    programme_id: str
    digest: Digest
    at: datetime


@dataclass(frozen=True)
class DigestRun:
    """The result of a run."""

    planned: int
    handed_over: int
