"""Records of decisions that were lost: written, then decided otherwise under the same number.

A record is written while its workflow task is under way. Where that task then fails (its worker
dies, or Temporal does not take what it decided because something has just arrived), the workflow
decides anew, and the next decision may be another one. It comes under the number of the lost one.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import Fact, Record
from storage.sql import events, notifications


async def displaces(session: AsyncSession, record: Record) -> bool:
    """Whether the record is another and later decision than what is written under its number.

    What the lost decision wrote is gone then: no workflow knows of it, and nothing was sent, since
    sending begins when the workflow task has ended. The same decision again is none, whenever its
    instant: a task that is repeated mostly decides the same.
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
