"""Reads the emails that the mailbox captured."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, page_of
from storage.sql import mailbox


@dataclass(frozen=True)
class MailEntry:
    """An email without its text."""

    id: int
    notification_id: str
    kind: str
    to_name: str
    to_email: str
    subject: str
    at: datetime


@dataclass(frozen=True)
class Mail(MailEntry):
    """An email with both its parts."""

    from_name: str
    from_email: str
    text: str
    html: str
    calendar_method: str | None = None
    calendar: str | None = None


_c = mailbox.c
_ENTRY = (_c.id, _c.notification_id, _c.kind, _c.to_name, _c.to_email, _c.subject, _c.at)


async def list_mail(
    session: AsyncSession, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[MailEntry]:
    """One page, the newest first. Raises ``BadCursor``."""
    limit = clamp(limit)
    statement = select(*_ENTRY)
    if cursor is not None:
        position = [decode(cursor, id=int)["id"]]
        statement = statement.where(beyond([_c.id], position, descending=True))
    found = await session.execute(statement.order_by(_c.id.desc()).limit(limit + 1))
    return page_of([MailEntry(*row) for row in found], limit, lambda last: encode(id=last.id))


async def mail_after(
    session: AsyncSession, id: int, *, limit: int = LIMIT
) -> tuple[MailEntry, ...]:
    """The emails after this id, the oldest first; 0 starts at the first email."""
    found = await session.execute(
        select(*_ENTRY).where(_c.id > id).order_by(_c.id).limit(clamp(limit))
    )
    return tuple(MailEntry(*row) for row in found)


async def show_mail(session: AsyncSession, id: int) -> Mail | None:
    """One email."""
    parts = (_c.from_name, _c.from_email, _c.text, _c.html, _c.calendar_method, _c.calendar)
    statement = select(*_ENTRY, *parts).where(_c.id == id)
    row = (await session.execute(statement)).one_or_none()
    return Mail(*row) if row else None
