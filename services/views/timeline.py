"""The timeline: its entries in sentences, and who may read the texts in them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from notifications.inbound.notices import RECEIVED
from notifications.inbound.taking import UNVERIFIED
from notifications.sentences import (
    Reader,
    fact_sentence,
    notification_sentence,
)
from programmes.facts import MILEPOST
from services.permissions import Actor, reach
from services.views.rows import Ref, example, ref
from storage.queries.timeline import TimelineRow


class TimelineEntry(BaseModel):
    """Something that happened, or that was sent."""

    model_config = example(
        {
            "at": "2027-01-11T09:00:00Z",
            "entry": "event",
            "kind": "research.submitted",
            "sentence": "Sian Hughes submitted a research request.",
            "item": "itm_q7ab2c4d6e8fgh2jk3m5",
            "who": {"id": "con_c4d6e8fgh2jk3m5q7ab2", "name": "Sian Hughes"},
            "state": "",
            "data": {},
            "text": "Which interventions raise pay in care work?",
        }
    )
    at: datetime
    entry: Literal["event", "notification"]
    kind: str
    sentence: str
    item: str
    who: Ref | None = Field(description="Who did it, null for Milepost; or the recipient.")
    state: str = Field(description="The state of a notification; empty for an event.")
    data: dict[str, str]
    text: str | None = Field(default=None, description="What was written. Not shown to viewers.")


_CONTACT = "con_"

_RESOLVED = "notification.resolved"
"""What a manager notes about an email in trouble."""

_MEMBERS = frozenset(
    {
        "engagement.withdrawn",
        "onboarding.step_completed",
        "onboarding.step_waived",
        "onboarding.closed",
        "research.submitted",
        "research.declined",
        "research.asked",
        "research.answered",
        "research.scoped",
        "research.delivered",
        "research.returned",
        "research.feedback_given",
        "research.withdrawn",
        "research.closed",
        "advice.agenda_sent",
        "advice.missed",
        "advice.noted",
        "advice.action_agreed",
        "advice.action_done",
        "advice.closed",
        "review.planned_moved",
        "review.evidence_added",
        "review.submitted",
        "review.returned",
        "review.signed_off",
        "review.closed",
        "reply.passed_on",
    }
)
"""Facts whose texts a member wrote or got. A new kind of fact stays hidden from members until
it is added here. The reason for a moved date may be the office's own, so a member reads it in
the email alone."""


def may_read(actor: Actor, row: TimelineRow) -> bool:
    """Whether the caller may read the text."""
    if not actor.reads_texts:
        return False
    if row.kind == _RESOLVED:
        return reach("resolve_notification", actor.role) is not None
    if row.kind == UNVERIFIED or (row.kind == RECEIVED and row.entry == "notification"):
        # A manager judges replies that may be forged.
        return actor.role == "manager"
    if not actor.member_id:
        return True
    by_or_to_a_contact = row.who is not None and row.who.id.startswith(_CONTACT)
    if row.entry == "notification" or row.kind == RECEIVED:
        # A reply by the office is not addressed to the member.
        return by_or_to_a_contact
    return row.kind in _MEMBERS


_HOLDERS = ("con_", "per_")


def mentioned(rows: Iterable[TimelineRow]) -> Sequence[str]:
    """Ids of the people whom events name in their details, such as a researcher."""
    return sorted(
        {value for row in rows for value in row.data.values() if value.startswith(_HOLDERS)}
    )


def timeline_entry(actor: Actor, row: TimelineRow, reader: Reader) -> TimelineEntry:
    """An event, or the delivery of a notification, in a sentence."""
    who = None if row.who is None or row.who.id == MILEPOST else row.who
    return TimelineEntry(
        at=row.at,
        entry=row.entry,
        kind=row.kind,
        sentence=_sentence(row, reader),
        item=row.item_id,
        who=ref(who),
        state=row.state,
        data=row.data,
        text=row.text if may_read(actor, row) else None,
    )


def _sentence(row: TimelineRow, reader: Reader) -> str:
    name = row.who.name if row.who else ""
    if row.entry == "notification":
        return notification_sentence(row.kind, row.state, row.reason, name)
    if row.who and name:
        reader = replace(reader, names={**reader.names, row.who.id: name})
    return fact_sentence(
        row.kind,
        row.data,
        reader,
        actor=row.who.id if row.who else MILEPOST,
        item_kind=row.item_kind,
        item_key=row.item_key,
    )
