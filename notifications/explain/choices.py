"""What is on record about the choices of a notification's recipient, read beside the evidence.

Whoever may not know of somebody's choices is told what happened, and not what they have chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.preferences import Choices, read_choices
from notifications.digests.planning import KINDS
from storage.queries.access import names_of
from storage.queries.rows import AnyRow
from storage.sql import contacts, notifications, people, suppressions


@dataclass(frozen=True)
class Chosen:
    """What they have chosen as of today, and what came of that."""

    theirs: Choices = field(default_factory=Choices)
    """The recipient's; as if they had made none for a reader who may not know of them."""
    getters: Choices = field(default_factory=Choices)
    """The same of whoever gets it: theirs are the quiet days and the language."""
    stood_in: str = ""
    """The name of who got it in the recipient's place, where somebody did."""
    stands_in: str = ""
    """The name of whom the recipient has named to stand in."""
    summary: tuple[datetime, str] | None = None
    """When the next summary after it was made, and what became of that."""
    suppressed: tuple[datetime, str] | None = None
    """Since when and why the recipient's address takes nothing."""


async def read_chosen(session: AsyncSession, notification_id: str, *, may_know: bool) -> Chosen:
    """Read it. ``may_know``: whether the reader may know what people have chosen."""
    c = notifications.c
    query = select(c.recipient_id, c.told_id, c.reason, c.changed_at).where(c.id == notification_id)
    row = (await session.execute(query)).one()
    told_id = row.told_id if row.told_id != row.recipient_id else ""
    chosen = await read_choices(session, filter(None, (row.recipient_id, told_id)))
    theirs = chosen[row.recipient_id]
    named = sorted(filter(None, {told_id, theirs.delegate_id}))
    names: Mapping[str, str] = await names_of(session, named)
    gets = (chosen[told_id] if told_id else theirs) if may_know else Choices()
    return Chosen(
        theirs=theirs if may_know else Choices(),
        getters=gets,
        stood_in=names.get(told_id, ""),
        stands_in=names.get(theirs.delegate_id or "", "") if may_know else "",
        summary=await _summary(session, row) if row.reason == "in_digest" else None,
        suppressed=await _suppressed(session, row.recipient_id) if may_know else None,
    )


async def _summary(session: AsyncSession, row: AnyRow) -> tuple[datetime, str] | None:
    c = notifications.c
    query = (
        select(c.reserved_at, c.state)
        .where(
            c.recipient_id == row.recipient_id,
            c.kind.in_(KINDS.values()),
            c.reserved_at >= row.changed_at,
        )
        .order_by(c.reserved_at)
        .limit(1)
    )
    found = (await session.execute(query)).one_or_none()
    return (found.reserved_at, found.state) if found else None


async def _suppressed(session: AsyncSession, recipient_id: str) -> tuple[datetime, str] | None:
    s = suppressions.c
    address = or_(
        *(
            s.address.in_(select(t.c.email).where(t.c.id == recipient_id))
            for t in (contacts, people)
        )
    )
    query = select(s.at, s.reason).where(address, s.lifted_at.is_(None)).limit(1)
    found = (await session.execute(query)).one_or_none()
    return (found.at, found.reason) if found else None
