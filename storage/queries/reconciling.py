"""Reads open engagements and items for `milepost reconcile`, the longest overdue first.

A stalled process becomes overdue, because it handles neither commands nor its own dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.calendar import WorkingCalendar, calendar_from_json
from programmes.facts import EngagementStage, EngagementState
from programmes.rules import ItemKind
from storage.sql import engagements, items, tasks


@dataclass(frozen=True)
class OpenProcess:
    """An engagement, or one of its items."""

    engagement_id: str
    kind: str = ""
    item_id: str = ""


@dataclass(frozen=True)
class OpenProcesses:
    """The first open processes, and how many there are in all."""

    first: tuple[OpenProcess, ...]
    total: int


async def open_processes(session: AsyncSession, limit: int) -> OpenProcesses:
    """At most ``limit`` open processes, recorded or about to be. One statement."""
    nothing = literal("")
    due = select(func.min(tasks.c.due_at)).where(tasks.c.item_id == items.c.id).scalar_subquery()
    found = union_all(
        select(
            engagements.c.id.label("engagement_id"),
            nothing.label("kind"),
            nothing.label("item_id"),
            engagements.c.due_at.label("due_at"),
        ).where(engagements.c.closed_at.is_(None)),
        select(items.c.engagement_id, items.c.kind, items.c.id, due).where(
            items.c.closed_at.is_(None)
        ),
    ).subquery()
    c = found.c
    statement = (
        select(c.engagement_id, c.kind, c.item_id, func.count().over().label("total"))
        .order_by(c.due_at.is_(None), c.due_at, c.engagement_id, c.item_id)
        .limit(limit)
    )
    rows = (await session.execute(statement)).all()
    return OpenProcesses(
        tuple(OpenProcess(row.engagement_id, row.kind, row.item_id) for row in rows),
        rows[0].total if rows else 0,
    )


async def overdue_processes(session: AsyncSession, before: datetime) -> list[OpenProcess]:
    """The items with a task that was due before that instant, and their engagements. One
    statement."""
    t = tasks.c
    statement = (
        select(t.engagement_id, items.c.kind, t.item_id)
        .join(items, items.c.id == t.item_id)
        .where(t.due_at < before, items.c.closed_at.is_(None))
        .distinct()
        .order_by(t.engagement_id, t.item_id)
    )
    found = [OpenProcess(*row) for row in await session.execute(statement)]
    return [*(OpenProcess(id) for id in dict.fromkeys(one.engagement_id for one in found)), *found]


@dataclass(frozen=True)
class ItemOnRecord:
    """The parts of an item's read model that are compared."""

    id: str
    kind: ItemKind
    key: str
    sequence: int
    opened_at: datetime
    closed_at: datetime | None
    outcome: str


@dataclass(frozen=True)
class EngagementOnRecord:
    """The read model of an engagement, with all of its items."""

    id: str
    sequence: int
    closed_at: datetime | None
    pending: bool
    """Whether its opening is not recorded yet."""
    state: EngagementState
    items: Mapping[str, ItemOnRecord]


async def unfinished(session: AsyncSession, after: str, limit: int) -> list[str]:
    """Ids after ``after`` of engagements that are open or have an open item."""
    e = engagements.c
    with_open_item = select(items.c.engagement_id).where(items.c.closed_at.is_(None))
    statement = (
        select(e.id)
        .where(e.id > after, or_(e.closed_at.is_(None), e.id.in_(with_open_item)))
        .order_by(e.id)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def on_record(session: AsyncSession, ids: Sequence[str]) -> dict[str, EngagementOnRecord]:
    """The read models of these engagements; unknown ids are left out."""
    its: dict[str, dict[str, ItemOnRecord]] = {one: {} for one in ids}
    i = items.c
    columns = (i.id, i.kind, i.key, i.sequence, i.opened_at, i.closed_at, i.outcome)
    found = select(i.engagement_id, *columns).where(i.engagement_id.in_(ids))
    for engagement_id, *values in await session.execute(found):
        item = ItemOnRecord(*values)
        its[engagement_id][item.id] = item
    # Without its calendar, which holds four years of days off.
    e = engagements.c
    instants = (e.started_on, e.opened_at, e.onboarded_at, e.closed_at)
    state = (e.id, e.sequence, e.stage, e.reason, e.moved, e.cycles, *instants)
    rows = await session.execute(select(*state).where(e.id.in_(ids)))
    return {
        row.id: EngagementOnRecord(
            id=row.id,
            sequence=row.sequence,
            closed_at=row.closed_at,
            pending=not row.stage,
            state=EngagementState(
                stage=cast(EngagementStage, row.stage or "onboarding"),
                started_on=row.started_on,
                opened_at=row.opened_at,
                onboarded_at=row.onboarded_at,
                closed_at=row.closed_at,
                reason=row.reason,
                moved={key: date.fromisoformat(day) for key, day in row.moved.items()},
                cycles=tuple(datetime.fromisoformat(one) for one in row.cycles),
            ),
            items=its[row.id],
        )
        for row in rows
    }


async def calendar_of(session: AsyncSession, engagement_id: str) -> WorkingCalendar:
    """The calendar that an engagement was planned with."""
    statement = select(engagements.c.calendar).where(engagements.c.id == engagement_id)
    return calendar_from_json((await session.execute(statement)).scalar_one())
