"""The ledger of notifications: each is reserved once, and moves as ``MOVES`` allows.

States are ranked, and only a repeated attempt keeps its rank. Reports may be lost, repeated or in
any order: the state is always the furthest that was reported.

A refused attempt that may be retried leaves the notification claimed, and its delivery says why. If
the last delivery of a claimed notification is still ``claimed``, that attempt is under way or was
cut off between sending and marking. The next attempt overtakes it first, then finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.rows import filled
from storage.sql import deliveries, notifications

State = Literal[
    "reserved",
    "claimed",
    "withheld",
    "unknown",
    "failed",
    "accepted",
    "deferred",
    "delivered",
    "bounced",
    "dropped",
    "complained",
]

STATES: tuple[State, ...] = get_args(State)

_REPORTED: frozenset[State] = frozenset(
    {"accepted", "deferred", "delivered", "bounced", "dropped", "complained"}
)

MOVES: Mapping[State, frozenset[State]] = {
    "reserved": frozenset({"claimed", "withheld", "failed"}),
    # A report may arrive before the sender's answer. ``claimed`` follows itself where a refused
    # attempt is repeated.
    "claimed": _REPORTED | {"claimed", "withheld", "unknown", "failed"},
    "unknown": _REPORTED | {"failed"},
    "accepted": _REPORTED - {"accepted"},
    "deferred": frozenset({"delivered", "bounced", "dropped", "complained"}),
    # A receiving server may return an email later, or its reader may complain.
    "delivered": frozenset({"bounced", "dropped", "complained"}),
    "withheld": frozenset(),
    "failed": frozenset(),
    "bounced": frozenset(),
    "dropped": frozenset(),
    "complained": frozenset(),
}
"""From each state to those that may follow. No other move is made."""

IN_TRANSIT: frozenset[State] = frozenset({"reserved", "claimed"})
"""The states of an email that has not left yet."""


def may_follow(before: str, after: str) -> bool:
    """Whether a notification may go from one state to the other."""
    return any(state == before and after in allowed for state, allowed in MOVES.items())


def before(after: str) -> frozenset[State]:
    """The states that one may follow."""
    return frozenset(state for state, allowed in MOVES.items() if after in allowed)


OPEN_ATTEMPT = ("claimed", "overtaken")
"""The outcomes of an attempt whose result is not known yet."""


@dataclass(frozen=True)
class Held:
    """A notification, locked until the transaction ends."""

    id: str
    engagement_id: str
    """Empty of a summary, which is about a whole programme."""
    item_id: str
    sequence: int
    kind: str
    rung: str
    task: str
    revision: int
    recipient_id: str
    text_id: str | None
    state: str
    reason: str
    planned_at: datetime
    """When it was to leave."""
    round: int
    resolution: str
    interrupted: int | None
    """The attempt whose result is not known yet, if there is one."""
    waits_until: datetime | None = None
    """Until when it waits, or waited last, for the recipient's day or hours."""

    @property
    def open(self) -> bool:
        """Whether it is still to be sent."""
        return self.state in ("reserved", "claimed")


@dataclass(frozen=True)
class Waiting:
    """A notification that may be sent again, and the number of its current round."""

    id: str
    round: int


async def look(session: AsyncSession, notification_id: str, *, lock: bool = True) -> Held:
    """Read a notification and lock it until the transaction ends."""
    query = select(notifications).where(notifications.c.id == notification_id)
    if lock:
        query = query.with_for_update()
    row = (await session.execute(query)).one()
    interrupted = None
    if row.state == "claimed":
        latest = (
            select(deliveries.c.id, deliveries.c.outcome)
            .where(deliveries.c.notification_id == notification_id)
            .order_by(deliveries.c.id.desc())
            .limit(1)
        )
        delivery = (await session.execute(latest)).one_or_none()
        interrupted = delivery.id if delivery and delivery.outcome in OPEN_ATTEMPT else None
    return filled(
        Held,
        row,
        engagement_id=row.engagement_id or "",
        planned_at=row.planned_at or row.not_before or row.reserved_at,
        interrupted=interrupted,
    )


async def first_refusal(session: AsyncSession, held: Held) -> datetime | None:
    """When the sender first refused it for now, in its present round."""
    d = deliveries.c
    query = select(func.min(d.at)).where(
        d.notification_id == held.id, d.round == held.round, d.outcome == "transient"
    )
    first: datetime | None = (await session.execute(query)).scalar_one()
    return first


async def claim(
    session: AsyncSession,
    held: Held,
    sender: str,
    now: datetime,
    template: str = "",
    note: str = "",
) -> int:
    """Claim an open, locked notification for one attempt; returns the attempt's delivery id.

    ``template`` names the templates that the email is written from. ``note`` is the reason why the
    email leaves out its own news, or says something other than planned.
    """
    await advance(session, held.id, "claimed", "", now, template=template)
    row = {
        "notification_id": held.id,
        "sender": sender,
        "at": now,
        "outcome": "claimed",
        "provider_id": "",
        "detail": note,
        "round": held.round,
    }
    return int(
        (
            await session.execute(insert(deliveries).values(row).returning(deliveries.c.id))
        ).scalar_one()
    )


async def advance(
    session: AsyncSession,
    notification_id: str,
    state: str,
    reason: str,
    now: datetime,
    *,
    template: str | None = None,
) -> bool:
    """Move a notification to a state; ``False`` and no change where the move is not allowed."""
    written = {} if template is None else {"template": template, "template_trouble": ""}
    step = (
        update(notifications)
        .where(notifications.c.id == notification_id, notifications.c.state.in_(before(state)))
        .values(
            state=state, reason=reason, changed_at=now, resolution="", resolved_at=None, **written
        )
        .returning(notifications.c.id)
    )
    return (await session.execute(step)).scalar_one_or_none() is not None


async def overtake(session: AsyncSession, delivery_id: int) -> None:
    """Stop an open attempt from handing over its email, if its sender asks ``still_ours`` first.

    The outcome of the attempt can then be found without a race.
    """
    await session.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.outcome == "claimed")
        .values(outcome="overtaken")
    )


async def still_ours(session: AsyncSession, delivery_id: int) -> bool:
    """Whether an attempt has not been overtaken; it cannot be until the transaction ends."""
    query = select(deliveries.c.outcome).where(deliveries.c.id == delivery_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none() == "claimed"


async def close_delivery(
    session: AsyncSession,
    delivery_id: int,
    outcome: str,
    *,
    provider_id: str = "",
    detail: str = "",
) -> bool:
    """Record the result of one attempt; ``False`` if it has one already.

    An ``unknown`` result may still become ``accepted``.
    """
    step = (
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.outcome.in_(
                (*OPEN_ATTEMPT, "unknown") if outcome == "accepted" else OPEN_ATTEMPT
            ),
        )
        .values(outcome=outcome, provider_id=provider_id, detail=detail or deliveries.c.detail)
        .returning(deliveries.c.id)
    )
    return (await session.execute(step)).scalar_one_or_none() is not None
