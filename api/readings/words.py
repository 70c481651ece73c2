"""Who may read the words of a timeline entry: they are for those whom they were meant for."""

from api.permissions import Actor, reach
from notifications.replies.taking import UNVERIFIED
from notifications.replies.telling import RECEIVED
from storage.queries.timeline import TimelineRow

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
"""Facts whose words a member has written, or are told to it. What is new is kept from members until
somebody decides that it is for them. A date that moves may be the office's own: a member reads why
in the email about it, if that went to the member."""


def may_read(actor: Actor, row: TimelineRow) -> bool:
    """Whether this actor sees what was written."""
    if not actor.reads_texts:
        return False
    if row.kind == _RESOLVED:
        return reach("resolve_notification", actor.role) is not None
    if row.kind == UNVERIFIED or (row.kind == RECEIVED and row.entry == "notification"):
        # What may be forged is for the manager to judge.
        return actor.role == "manager"
    if not actor.member_id:
        return True
    by_or_to_a_contact = row.who is not None and row.who.id.startswith(_CONTACT)
    if row.entry == "notification" or row.kind == RECEIVED:
        # An answer by email of the office is no letter to the member.
        return by_or_to_a_contact
    return row.kind in _MEMBERS
