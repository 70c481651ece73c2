"""Finds the event that made a withheld notification untrue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import FIXES
from notifications.kinds import KINDS
from storage.queries.notifications import NotificationDetail
from storage.sql import events

SESSION_OFF = ("advice.missed", "advice.dates_proposed", "advice.closed")
"""The facts after which a fixed session does not take place."""

ENGAGEMENT_ENDS = ("engagement.withdrawn", "engagement.completed", "engagement.cancelled")
"""The facts after which an engagement asks for nothing."""

_ENDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "research": {
        "triage": ("research.accepted", "research.declined", "research.asked"),
        "answer": ("research.answered",),
        "scope": ("research.scoped",),
        "assign": ("research.assigned",),
        "draft": ("research.delivered",),
        "acceptance": ("research.delivery_accepted", "research.returned"),
        "feedback": ("research.feedback_given",),
        "": ("research.withdrawn",),
    },
    "advice": {
        "propose": ("advice.dates_proposed", "advice.held"),
        "confirm": ("advice.confirmed", "advice.held"),
        "agenda": ("advice.agenda_sent", "advice.held", "advice.missed", "advice.dates_proposed"),
        "session": ("advice.held", "advice.missed", "advice.dates_proposed"),
        "notes": ("advice.noted",),
        "action": ("advice.action_done", "advice.action_dropped", "advice.action_carried"),
    },
    "review": {
        "submit": ("review.submitted",),
        "revise": ("review.submitted",),
        "sign_off": ("review.signed_off", "review.returned"),
    },
    "onboarding": {"step": ("onboarding.step_completed", "onboarding.step_waived")},
}
"""The facts that end a task, by its item's kind and its key. Those under an empty key end every
task of the item, as does the item's own end."""


@dataclass(frozen=True)
class TimelineEvent:
    """An event of the timeline."""

    sequence: int
    kind: str
    actor: str
    at: datetime
    data: Mapping[str, str]


async def read_outdating_event(
    session: AsyncSession, detail: NotificationDetail
) -> TimelineEvent | None:
    """The event that made a withheld notification untrue.

    ``None`` where it was not withheld for that, or the record does not show the event.
    """
    row = detail.row
    if row.state != "withheld":
        return None
    kind = KINDS.get(row.kind)
    task = row.task or (kind.task if kind else "")
    kinds, wanted, of_item = _sought(row.reason, row.kind, row.item_kind, task)
    if not kinds:
        return None
    c = events.c
    query = select(c.sequence, c.kind, c.actor, c.at, c.data).where(c.kind.in_(kinds))
    if of_item:
        query = query.where(c.item_id == row.item_id, c.sequence > detail.sequence)
    else:
        query = query.where(c.item_id == row.engagement_id)
    found = [
        TimelineEvent(*one) for one in await session.execute(query.order_by(c.sequence, c.position))
    ]
    return next((one for one in found if _is_about(one, wanted)), None)


def _sought(
    reason: str, kind: str, item_kind: str, task: str
) -> tuple[tuple[str, ...], Mapping[str, str], bool]:
    """The facts to look for, their details, and whether they belong to the item or engagement."""
    match reason:
        case "session_held":
            return ("advice.held",), {}, True
        case "session_called_off":
            return SESSION_OFF, {}, True
        case "moved" if kind in FIXES:
            return ("advice.confirmed",), {}, True
        case "moved":
            return ("deadline.moved",), {"task": task}, True
        case "done":
            return _ends(item_kind, task)
        case "engagement_closed":
            return ENGAGEMENT_ENDS, {}, False
    return (), {}, True


def _ends(item_kind: str, task: str) -> tuple[tuple[str, ...], Mapping[str, str], bool]:
    key, _, of = task.partition(":")
    ends = _ENDS.get(item_kind, {})
    facts = (*ends.get(key, ()), *ends.get("", ()), f"{item_kind}.closed")
    return facts, {key: of} if of else {}, True


def _is_about(one: TimelineEvent, wanted: Mapping[str, Any]) -> bool:
    """Whether the event has the details; one that closes the item names no task and ends all."""
    return all(one.data.get(name, value) == value for name, value in wanted.items())
