"""Replaces the record of a lost decision: one that was written, and then decided differently.

A record is written during its workflow task. That task may still fail: its worker dies, or Temporal
refuses its result because a signal has just arrived. The workflow then decides again, under the
same number, and may decide differently.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import Fact, Record
from storage.sql import events, notifications


async def displaces(session: AsyncSession, record: Record) -> bool:
    """Whether the record is a different and later decision than the one under its number.

    If so, it deletes what the lost decision wrote. No workflow knows of that decision, and no email
    was sent, because sending starts after the workflow task. The same decision at another instant
    displaces nothing.
    """
    e = events.c
    under_its_number = (e.item_id == record.item_id) & (e.sequence == record.sequence)
    written = select(e.kind, e.actor, e.at, e.data, e.text_id).where(under_its_number)
    rows = (await session.execute(written.order_by(e.position))).all()
    if not rows or _same(rows, record.facts) or not _is_earlier(rows, record.facts):
        return False
    await session.execute(delete(events).where(under_its_number))
    n = notifications.c
    await session.execute(
        delete(notifications).where(
            n.item_id == record.item_id,
            n.sequence == record.sequence,
            or_(n.state == "reserved", n.reason == "no_recipient"),
        )
    )
    return True


def _same(rows: Sequence[Row[*tuple[Any, ...]]], facts: Sequence[Fact]) -> bool:
    return [(row.kind, row.actor, row.data, row.text_id) for row in rows] == [
        (fact.kind, fact.actor, dict(fact.data), fact.text) for fact in facts
    ]


def _is_earlier(rows: Sequence[Row[*tuple[Any, ...]]], facts: Sequence[Fact]) -> bool:
    return bool(facts) and max(row.at for row in rows) < max(fact.at for fact in facts)
