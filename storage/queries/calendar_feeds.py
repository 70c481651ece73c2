"""Whose calendar a secret address opens, and whether somebody has one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.rows import owner_contacts, owner_people
from storage.sql import calendar_feeds


@dataclass(frozen=True)
class Reader:
    """Who follows a calendar."""

    holder_id: str
    role: str
    name: str
    member_id: str | None


async def reader_of(session: AsyncSession, sha256: str) -> Reader | None:
    """Whose calendar it is; ``None`` where the address was never given out, is ended, or its
    holder has left. One statement."""
    contact, person = owner_contacts.c, owner_people.c
    statement = (
        select(
            calendar_feeds.c.holder_id,
            func.coalesce(person.role, literal("member")),
            func.coalesce(contact.name, person.name, ""),
            contact.member_id,
        )
        .select_from(
            calendar_feeds.outerjoin(
                owner_contacts, contact.id == calendar_feeds.c.holder_id
            ).outerjoin(owner_people, person.id == calendar_feeds.c.holder_id)
        )
        .where(
            calendar_feeds.c.sha256 == sha256,
            func.coalesce(contact.active, person.active),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    return Reader(*row) if row else None


async def feed_made_at(session: AsyncSession, holder_id: str) -> datetime | None:
    """Since when they have an address; ``None`` where they have none."""
    c = calendar_feeds.c
    found = await session.execute(select(c.made_at).where(c.holder_id == holder_id))
    return found.scalar_one_or_none()
