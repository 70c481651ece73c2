"""Replaces the record of a lost decision: one that was written, and then decided differently.

A record is written during its workflow task. That task may still fail: its worker dies, or Temporal
refuses its result because a signal has just arrived. The workflow then decides again, under the
same number. It may decide differently, or the same with later dates. After an operator's reset, an
item decides again under numbers that were truly taken before.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import Row, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import Fact, Record
from storage.sql import events, notifications


class Written(Enum):
    """What became of a record."""

    NEW = "new"
    REPEATED = "repeated"
    """It was written before, and has changed nothing."""
    OVERTAKEN = "overtaken"
    """It is a late attempt of a lost decision. It has changed nothing, and may reserve nothing."""


async def compare(session: AsyncSession, record: Record, *, is_latest: bool) -> Written:
    """Compare a record with the one that is stored under its number.

    The decision with the latest fact is the one that its workflow knows. If that is this record, it
    deletes what the lost decision wrote, and counts as new. No email of a lost decision was sent,
    because sending starts after the workflow task.

    The same facts at a later instant count as new only if no record follows (``is_latest``), since
    only the last decision can be lost. After an engagement's reset, say, the opening of an item
    that has moved on since is written again. That is a repetition.
    """
    e = events.c
    under_its_number = (e.item_id == record.item_id) & (e.sequence == record.sequence)
    written = select(e.kind, e.actor, e.at, e.data, e.text_id).where(under_its_number)
    rows = (await session.execute(written.order_by(e.position))).all()
    if _same(rows, record.facts):
        return Written.REPEATED
    if not _is_earlier(rows, record.facts):
        return Written.OVERTAKEN
    if _say_the_same(rows, record.facts) and (not is_latest or _is_repair(record)):
        return Written.REPEATED
    await session.execute(delete(events).where(under_its_number))
    n = notifications.c
    await session.execute(
        delete(notifications).where(
            n.item_id == record.item_id,
            n.sequence == record.sequence,
            or_(n.state == "reserved", n.reason == "no_recipient"),
        )
    )
    return Written.NEW


def _same(rows: Sequence[Row[*tuple[Any, ...]]], facts: Sequence[Fact]) -> bool:
    return [(row.kind, row.actor, row.at, row.data, row.text_id) for row in rows] == [
        (fact.kind, fact.actor, fact.at, dict(fact.data), fact.text) for fact in facts
    ]


def _say_the_same(rows: Sequence[Row[*tuple[Any, ...]]], facts: Sequence[Fact]) -> bool:
    return [(row.kind, row.actor, row.data, row.text_id) for row in rows] == [
        (fact.kind, fact.actor, dict(fact.data), fact.text) for fact in facts
    ]


def _is_repair(record: Record) -> bool:
    """Whether an operator's repair wrote it, which may be repeated at any time."""
    return bool(record.closes) or all(fact.kind == "record.restated" for fact in record.facts)


def _is_earlier(rows: Sequence[Row[*tuple[Any, ...]]], facts: Sequence[Fact]) -> bool:
    return bool(facts) and max(row.at for row in rows) < max(fact.at for fact in facts)
