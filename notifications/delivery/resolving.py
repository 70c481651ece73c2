"""What a user decides about an email in trouble: it arrived, send it again, or dismiss it.

Each decision is an event on the engagement's timeline, under the notification's own number. A
summary has no engagement, so a decision about it goes to the office's audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import ledger
from notifications.delivery.blackouts import BLACKOUT
from notifications.delivery.ledger import IN_TRANSIT, Held, State, look
from notifications.delivery.reassignment import NO_RECIPIENT, SAID_LATER, said_since
from storage.queries.troubles import NEVER_LEFT, NEVER_LEFT_AFTER, UNHEARD, never_left
from storage.sql import events, notifications

Choice = Literal["arrived", "send_again", "dismiss"]

CHOICES: Mapping[State, tuple[Choice, ...]] = {
    "unknown": ("arrived", "send_again", "dismiss"),
    "failed": ("send_again", "dismiss"),
    "bounced": ("send_again", "dismiss"),
    "dropped": ("send_again", "dismiss"),
    # A recipient who marked it as spam gets no further copy.
    "complained": ("dismiss",),
}
"""What a user may decide about an email in trouble."""

LEFT_UNSENT = "left_unsent"
"""The reason of a notification that a user decided not to send."""


def choices_of(state: str, reason: str = "") -> tuple[Choice, ...]:
    """What a user may decide about a notification in that state; empty if it needs no decision."""
    if state in IN_TRANSIT:
        return ("send_again", "dismiss") if reason == NEVER_LEFT else ()
    if state == "withheld" and reason == "no_recipient":
        return ("send_again", "dismiss")
    if state == "withheld":
        # The email leaves once the office fixes the address.
        return ("dismiss",) if reason in UNHEARD else ()
    return next((choices for known, choices in CHOICES.items() if known == state), ())


@dataclass(frozen=True)
class UserDecision:
    """Who decides, and the comment that they wrote."""

    by: str
    text_id: str | None = None


class NotPossible(Exception):
    """The notification's state does not allow that decision; ``choices`` are allowed."""

    def __init__(self, choices: tuple[Choice, ...], wait_until: datetime | None = None) -> None:
        super().__init__("not possible")
        self.choices = choices
        self.wait_until = wait_until
        """Until when the provider may still report what happened to it."""


def check(
    choice: Choice,
    *,
    state: str,
    reason: str = "",
    resolution: str,
    since: datetime,
    now: datetime,
    wait: timedelta,
) -> None:
    """Raise ``NotPossible`` unless the state allows that decision.

    An email is not sent again while the provider may still report that it arrived.
    """
    choices = () if resolution else choices_of(state, reason)
    if choice not in choices:
        raise NotPossible(choices)
    if choice == "send_again" and state == "unknown" and now < since + wait:
        raise NotPossible(tuple(one for one in choices if one != choice), since + wait)


async def settle(
    session: AsyncSession,
    notification_id: str,
    choice: Choice,
    word: UserDecision,
    now: datetime,
) -> None:
    """Carry out ``arrived`` or ``dismiss``. Raises ``NotPossible``."""
    held = await look(session, notification_id)
    stalled = await _is_stalled(session, held.id, now)
    check(
        choice,
        state=held.state,
        reason=NEVER_LEFT if stalled else held.reason,
        resolution=held.resolution,
        since=now,
        now=now,
        wait=timedelta(),
    )
    resolved: dict[str, object] = {"resolution": choice, "resolved_at": now}
    if choice == "arrived":
        resolved |= {"state": "delivered", "reason": "said_by_person", "changed_at": now}
    if stalled:
        await _never_send(session, held, now)
    await session.execute(
        update(notifications).where(notifications.c.id == held.id).values(**resolved)
    )
    await _note(session, held, choice, word, now)


async def begin_round(
    session: AsyncSession, notification_id: str, number: int, word: UserDecision, now: datetime
) -> Held | None:
    """Begin a new round of sending; a repeated call finds it begun.

    A round begins when a user wants the email sent again or has fixed the address. It also begins
    when the role has a holder now, or when no summary comes before the date. And it begins when the
    blackout that the email waits for is gone. Returns ``None`` if
    the notification has been settled meanwhile, or if a later email repeats it.
    """
    held = await look(session, notification_id)
    if held.round == number:
        return held
    withheld_for = held.reason if held.state == "withheld" else ""
    freed = held.open and held.reason == BLACKOUT
    stalled = freed or await _is_stalled(session, held.id, now)
    again = stalled or withheld_for in ("in_digest", "suppressed", NO_RECIPIENT)
    again = again or "send_again" in choices_of(held.state)
    if held.round != number - 1 or held.resolution or not again:
        return None
    if withheld_for == NO_RECIPIENT and await said_since(session, held):
        await _leave_to_the_later(session, held, now)
        return None
    await (_begin_stalled_round if stalled else _reopen)(session, held, now)
    if withheld_for == "in_digest":
        await _note(session, replace(held, state="collected"), "let_go", word, now)
    elif freed:
        await _note(session, replace(held, state="freed"), "let_go", word, now)
    elif withheld_for == NO_RECIPIENT:
        await _note(session, replace(held, state="unheard"), "send_again", word, now)
    else:
        await _note(session, held, "send_again", word, now)
    return held


async def _reopen(session: AsyncSession, held: Held, now: datetime) -> None:
    """Reserve it again in a new round, because a user asked for it: the only way back."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(
            state="reserved",
            reason="",
            changed_at=now,
            planned_at=now,
            round=held.round + 1,
            resolution="",
            resolved_at=None,
        )
    )


async def _is_stalled(session: AsyncSession, notification_id: str, now: datetime) -> bool:
    """Whether it should have left and no workflow seems to be sending it."""
    query = select(notifications.c.id).where(
        notifications.c.id == notification_id, never_left(now - NEVER_LEFT_AFTER)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def _begin_stalled_round(session: AsyncSession, held: Held, now: datetime) -> None:
    """Begin its next round in the state that it has.

    An open attempt stays open. The next attempt finds out what happened to it before it sends.
    """
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(round=held.round + 1, changed_at=now, planned_at=now, waits_until=None)
    )


async def _never_send(session: AsyncSession, held: Held, now: datetime) -> None:
    """Withhold it for good. If an open attempt may have sent it, it becomes ``unknown``."""
    if held.interrupted is None:
        await ledger.advance(session, held.id, "withheld", LEFT_UNSENT, now)
        return
    await ledger.overtake(session, held.interrupted)
    await ledger.close_delivery(session, held.interrupted, "unknown", detail="interrupted")
    await ledger.advance(session, held.id, "unknown", "interrupted", now)


async def _leave_to_the_later(session: AsyncSession, held: Held, now: datetime) -> None:
    """Leave it to the latest email, so that a new holder does not get all of them at once."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(reason=SAID_LATER, changed_at=now, round=held.round + 1)
    )


async def _note(
    session: AsyncSession,
    held: Held,
    choice: Choice | Literal["let_go"],
    word: UserDecision,
    now: datetime,
) -> None:
    """Append the event. The notification is locked, so its events get consecutive numbers."""
    last = select(func.coalesce(func.max(events.c.sequence), 0)).where(events.c.item_id == held.id)
    await session.execute(
        insert(events).values(
            # A summary has no engagement: its events are on the office's audit trail.
            engagement_id=held.engagement_id or None,
            item_id=held.id,
            sequence=last.scalar_subquery() + 1,
            position=0,
            kind="notification.resolved",
            actor=word.by,
            at=now,
            data={"choice": choice, "email": held.kind, "state": held.state},
            text_id=word.text_id,
        )
    )
