"""What a provider's report does to an address, and which emails a mended one lets go."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.scene import read_recipient
from notifications.delivery.recipient import fingerprint
from storage.master.suppressions import suppress
from storage.sql import contacts, notifications, people, suppressions

SUPPRESSING = frozenset({"bounced", "dropped", "complained"})
"""The states that say of an address that nothing should be sent to it any more."""

_NOT_THE_ADDRESS = ("blocked", "dropped_spam_content", "dropped_other")
"""Codes of reports: a server that refuses us for now, or what an email says."""


async def heed_report(
    session: AsyncSession, notification_id: str, state: str, code: str, now: datetime
) -> bool:
    """Suppress the address of an email that bounced, was dropped, or was called spam.

    A refusal of what was said, or of who says it, is nothing against the address; and an address
    that was changed since the email left is another one.
    """
    if state not in SUPPRESSING or code.startswith(_NOT_THE_ADDRESS):
        return False
    c = notifications.c
    row = (
        await session.execute(
            select(c.recipient_id, c.told_id, c.addressed).where(c.id == notification_id)
        )
    ).one_or_none()
    if row is None:
        return False
    told = await read_recipient(session, row.told_id or row.recipient_id)
    if told is None or (row.addressed and row.addressed != fingerprint(told.email)):
        return False
    return await suppress(session, now, told.email, reason=state, notification_id=notification_id)


@dataclass(frozen=True)
class Waiting:
    """A notification that was withheld for its address."""

    id: str
    round: int


async def waiting_for(session: AsyncSession, holder_ids: list[str]) -> list[Waiting]:
    """The notifications that a mended address lets go, the oldest first.

    Of several about one task the latest says it all, so the others stay withheld, also once that
    has been let go. Whether what is left is still true, whoever sends it asks again.
    """
    return await _let_go(session, notifications.c.recipient_id.in_(holder_ids))


async def left_waiting(session: AsyncSession) -> list[Waiting]:
    """What should have been let go by now: its recipient's address takes emails."""
    s = suppressions.c
    taking_none = select(s.address).where(s.lifted_at.is_(None))
    reachable = union_all(
        *(
            select(table.c.id).where(table.c.active, table.c.email.not_in(taking_none))
            for table in (contacts, people)
        )
    )
    return await _let_go(session, notifications.c.recipient_id.in_(reachable))


def superseded() -> ColumnElement[bool]:
    """Whether a later one of any kind tells its recipient about the same task."""
    c, later = notifications.c, notifications.alias("later")
    return (
        select(later.c.id)
        .where(
            c.task != "",
            later.c.recipient_id == c.recipient_id,
            later.c.item_id == c.item_id,
            later.c.task == c.task,
            tuple_(later.c.sequence, later.c.id) > tuple_(c.sequence, c.id),
        )
        .correlate(notifications)
        .exists()
    )


async def _let_go(session: AsyncSession, of_whom: ColumnElement[bool]) -> list[Waiting]:
    c = notifications.c
    query = (
        select(c.id, c.round)
        .where(
            of_whom,
            c.engagement_id.is_not(None),
            c.state == "withheld",
            c.reason == "suppressed",
            ~superseded(),
        )
        .order_by(c.reserved_at, c.sequence, c.id)
    )
    return [Waiting(*row) for row in await session.execute(query)]
