"""Who is told in the place of somebody who is away, and whether they have been told already."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.scene import Who, read_recipient
from notifications.delivery.ledger import Held
from notifications.delivery.preferences import Choices, manners_of
from storage.sql import choices, notifications

HeardOf = Literal["no", "yes", "under_way"]

_GOT_IT = ("unknown", "accepted", "deferred", "delivered", "complained")
"""The states of an email that reached its reader, or of which a person has to say so."""

_IN_ANOTHER = "collapsed"
"""Withheld, since another email says it, too."""


@dataclass(frozen=True)
class StandIn:
    """Somebody who is there for another, with what they have chosen themselves."""

    who: Who
    choices: Choices


@dataclass(frozen=True)
class _Other:
    """Another email of the same notice, which went to them, or goes if its recipient is away."""

    state: str
    reason: str
    theirs: bool
    """Whether it went to the one who is asked about."""


async def stand_in_of(
    session: AsyncSession, absent: Choices, day: date, *, unreachable: bool
) -> StandIn | None:
    """Who is told instead: somebody active whose address takes emails, and who is not away, too.

    ``unreachable``: the absent one's own address takes nothing. Then it is whoever they named even
    if away: better told on holiday than nobody told.
    """
    named = absent.stands_in(day)
    who = await read_recipient(session, named) if named else None
    if who is None or not who.active:
        return None
    theirs, suppressed = await manners_of(session, who.id, who.email)
    if suppressed or (theirs.is_away(day) and not unreachable):
        return None
    return StandIn(who, theirs)


async def heard_of(session: AsyncSession, held: Held, who_id: str, *, instead: bool) -> HeardOf:
    """Whether somebody was told the same by another email: their own, or one in the place of
    somebody who is away. Of several the first to leave counts, whatever becomes of the others.

    ``instead``: the email at hand goes to them in somebody's place.
    """
    others = await _others(session, held, who_id)
    if not (instead or others):
        return "no"
    if not await _alone(session, held):
        return "under_way"
    # As it is now that nobody else decides about the same.
    found = {(one.state, one.reason) for one in await _others(session, held, who_id) if one.theirs}
    if any(state in _GOT_IT or reason == _IN_ANOTHER for state, reason in found):
        return "yes"
    return "under_way" if any(state == "claimed" for state, _ in found) else "no"


async def _others(session: AsyncSession, held: Held, who_id: str) -> list[_Other]:
    c = notifications.c
    query = (
        select(c.state, c.reason, c.told_id)
        .select_from(notifications.outerjoin(choices, choices.c.holder_id == c.recipient_id))
        .where(
            c.item_id == held.item_id,
            c.sequence == held.sequence,
            c.kind == held.kind,
            c.rung == held.rung,
            c.id != held.id,
            or_(c.told_id == who_id, choices.c.delegate_id == who_id),
        )
    )
    return [_Other(row[0], row[1], row[2] == who_id) for row in await session.execute(query)]


async def _alone(session: AsyncSession, held: Held) -> bool:
    """Whether no other attempt decides about the same notice until this transaction ends. SQLite
    has one writer anyhow. It is not waited for, so that none can wait for each other."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    notice = f"{held.item_id}/{held.sequence}/{held.kind}/{held.rung}"
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(notice, 0))
    return bool((await session.execute(select(lock))).scalar_one())
