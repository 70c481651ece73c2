"""Reads the choices of a notification's recipient, as part of the evidence.

A reader who may not know another person's choices sees what happened, but not what they chose.
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
    """A recipient's current choices, and their results for one notification."""

    recipient_choices: Choices = field(default_factory=Choices)
    """The recipient's choices; the defaults for a reader who may not know them."""
    reader_choices: Choices = field(default_factory=Choices)
    """The choices of the person who gets it: their quiet days and language apply."""
    told_delegate: str = ""
    """The name of the delegate who got it; empty if the recipient got it."""
    delegate: str = ""
    """The name of the recipient's current delegate."""
    summary: tuple[datetime, str] | None = None
    """The time and the state of the next summary after it."""
    suppressed: tuple[datetime, str] | None = None
    """Since when and why the recipient's address is suppressed."""


async def read_chosen(session: AsyncSession, notification_id: str, *, may_know: bool) -> Chosen:
    """Read the choices. ``may_know``: whether the reader may know them."""
    c = notifications.c
    query = select(c.recipient_id, c.told_id, c.reason, c.changed_at).where(c.id == notification_id)
    row = (await session.execute(query)).one()
    told_id = row.told_id if row.told_id != row.recipient_id else ""
    chosen = await read_choices(session, filter(None, (row.recipient_id, told_id)))
    recipient_choices = chosen[row.recipient_id]
    named = sorted(filter(None, {told_id, recipient_choices.delegate_id}))
    names: Mapping[str, str] = await names_of(session, named)
    gets = (chosen[told_id] if told_id else recipient_choices) if may_know else Choices()
    return Chosen(
        recipient_choices=recipient_choices if may_know else Choices(),
        reader_choices=gets,
        told_delegate=names.get(told_id, ""),
        delegate=names.get(recipient_choices.delegate_id or "", "") if may_know else "",
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
