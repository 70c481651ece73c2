"""What a person says about an email in trouble: it arrived, send it again, or leave it.

Each choice is an event on the engagement's timeline, under the notification's own number; what is
said of a summary, which has no engagement, is in the office's audit trail.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import Held, look, reopen
from notifications.delivery.role_changes import NO_RECIPIENT, SAID_LATER, said_since
from notifications.delivery.stalled import is_stuck, leave, take_up
from notifications.delivery.states import Choice, choices_of
from storage.queries.troubles import NEVER_LEFT
from storage.sql import events, notifications


@dataclass(frozen=True)
class Word:
    """Who says it, and in which words."""

    by: str
    text_id: str | None = None


class NotPossible(Exception):
    """The notification is not in a state in which that can be said; ``choices`` can be."""

    def __init__(self, choices: tuple[Choice, ...], wait_until: datetime | None = None) -> None:
        super().__init__("not possible")
        self.choices = choices
        self.wait_until = wait_until
        """Until when it may still be heard of by itself."""


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
    """Raise ``NotPossible`` unless that can be said about a notification in that state.

    What may still be heard of by itself is not sent again: that would be a blind repeat.
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
    word: Word,
    now: datetime,
) -> None:
    """Take ``arrived`` or ``dismiss``. Raises ``NotPossible``."""
    held = await look(session, notification_id)
    stuck = await is_stuck(session, held.id, now)
    check(
        choice,
        state=held.state,
        reason=NEVER_LEFT if stuck else held.reason,
        resolution=held.resolution,
        since=now,
        now=now,
        wait=timedelta(),
    )
    if stuck:
        await leave(session, held, now)
        await _dismissed(session, held.id, now)
        await _note(session, held, choice, word, now)
        return
    arrived = choice == "arrived"
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(
            state="delivered" if arrived else held.state,
            reason="said_by_person" if arrived else notifications.c.reason,
            changed_at=now if arrived else notifications.c.changed_at,
            resolution=choice,
            resolved_at=now,
        )
    )
    await _note(session, held, choice, word, now)


async def _dismissed(session: AsyncSession, notification_id: str, now: datetime) -> None:
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(resolution="dismiss", resolved_at=now)
    )


async def begin_round(
    session: AsyncSession, notification_id: str, number: int, word: Word, now: datetime
) -> Held | None:
    """Begin the round of that number, because a person wants it sent again, or has mended the
    address that it was withheld for, or somebody has the role that it is for, or since no summary
    tells of it in time; ``None`` where they, the provider or a courier have said otherwise
    meanwhile, or a later email says it too. A repeated call finds it begun."""
    held = await look(session, notification_id)
    if held.round == number:
        return held
    collected = held.state == "withheld" and held.reason == "in_digest"
    mended = held.state == "withheld" and held.reason == "suppressed"
    unheard = held.state == "withheld" and held.reason == NO_RECIPIENT
    stuck = await is_stuck(session, held.id, now)
    again = collected or mended or unheard or stuck or "send_again" in choices_of(held.state)
    if held.round != number - 1 or held.resolution or not again:
        return None
    if unheard and await said_since(session, held):
        await _leave_to_the_later(session, held, now)
        return None
    await (take_up if stuck else reopen)(session, held, now)
    if collected:
        await _note(session, replace(held, state="collected"), "let_go", word, now)
    elif unheard:
        await _note(session, replace(held, state="unheard"), "send_again", word, now)
    else:
        await _note(session, held, "send_again", word, now)
    return held


async def _leave_to_the_later(session: AsyncSession, held: Held, now: datetime) -> None:
    """What has gone on since is said by what was reserved last: nobody gets all of them at once."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == held.id)
        .values(reason=SAID_LATER, changed_at=now, round=held.round + 1)
    )


async def _note(
    session: AsyncSession, held: Held, choice: Choice | Literal["let_go"], word: Word, now: datetime
) -> None:
    """The row is locked, so that two events of one notification are numbered one by one."""
    last = select(func.coalesce(func.max(events.c.sequence), 0)).where(events.c.item_id == held.id)
    await session.execute(
        insert(events).values(
            # A summary belongs to no engagement: what is said of it is on the office's own trail.
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
