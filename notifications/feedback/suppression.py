"""Suppresses addresses that a provider reports, and finds the emails that a fixed address frees."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.scene import read_recipient
from notifications.delivery.ledger import Waiting
from notifications.delivery.recipient import fingerprint
from storage.master.suppressions import suppress
from storage.sql import contacts, notifications, people, suppressions

SUPPRESSING = frozenset({"bounced", "dropped", "complained"})
"""The states after which an address should get no more emails."""

_NOT_THE_ADDRESS = ("blocked", "dropped_spam_content", "dropped_other")
"""Codes of refusals that are about us or the email's text, and not about the address."""


async def apply_report(
    session: AsyncSession, notification_id: str, state: str, code: str, now: datetime
) -> bool:
    """Suppress the address of an email that bounced, was dropped, or was marked as spam.

    A refusal of the text or of the sender does not suppress. Neither does a report about an address
    that has been changed since the email left. Returns whether the address is now suppressed.
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


async def waiting_for(session: AsyncSession, holder_ids: list[str]) -> list[Waiting]:
    """The notifications that a fixed address frees, the oldest first.

    Of several about one task only the latest is sent; the others stay withheld for good. Each is
    checked again when it is sent.
    """
    return await _let_go(session, notifications.c.recipient_id.in_(holder_ids))


async def left_waiting(session: AsyncSession) -> list[Waiting]:
    """Withheld notifications whose recipient's address takes emails again."""
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
    """Whether a later notification of any kind tells the recipient about the same task."""
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
