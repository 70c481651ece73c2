"""The projection: a workflow's decision becomes events, the read model and open tasks.

``write`` needs at most seven statements, for a record of any size:

1. lock the engagement, and read the state of the item
2. insert the facts; a repeated record stops here
3. save the item
4. remove the item's tasks
5. insert the item's present tasks
6. resolve the owners of the tasks
7. save the engagement: its state, its sequence, and the earliest dates of its tasks

Three more replace a lost decision (``lost_decisions``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import EngagementState, ItemState, Record, TaskState
from storage.database import insert_or_ignore
from storage.lost_decisions import Written, compare
from storage.roles import resolve_owners
from storage.sql import engagements, events, items, tasks

_RESEARCH = "research"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownEngagement(LookupError):
    """There is no such engagement: it was never started, or it is erased."""


class MisplacedState(ValueError):
    """A record of an item carries an engagement's state, so the two cannot be put in order."""


class Raced(RuntimeError):
    """Another attempt wrote under the same number while this one waited for the lock. Roll back and
    write again: the second time, the two are compared."""


@dataclass(frozen=True)
class _Known:
    """What was stored before this record."""

    next_number: int
    engagement_sequence: int
    engagement_state: int
    written: int
    """How many facts are stored under the record's own number."""
    item: bool
    item_sequence: int
    item_state: int
    tasks: int
    assignee_id: str | None


async def write(session: AsyncSession, record: Record, now: datetime) -> Written:
    """Write one record, unless it was written before or is a lost decision.

    Facts are always stored, under (item, sequence, position). The states of item, engagement and
    tasks are taken only from the highest sequence seen. So records may come in any order and
    repeatedly, and the result is the same. A record replaces a lost decision with the same number.
    All stored instants come from the record; ``now`` is the writer's clock.

    Raises ``UnknownEngagement`` and ``MisplacedState``, which are permanent, and ``Raced``.
    """
    about_item = record.item_id != record.engagement_id
    if about_item and record.engagement is not None:
        raise MisplacedState(f"{record.item_id} at {record.sequence} carries an engagement's state")
    known = await _known(session, record)
    seen = known.item_sequence if about_item else known.engagement_sequence
    if known.written:
        found = await compare(session, record, is_latest=record.sequence >= seen)
        if found is not Written.NEW:
            return found
    if record.facts:
        # The state under this number is from a lost decision, even if that had no fact.
        known = _before(record, known)
    added = await insert_or_ignore(session, events, _events(record))
    if added < len(record.facts):
        raise Raced(record.item_id)
    if not record.facts and record.sequence <= seen:
        return Written.REPEATED
    assignee = known.assignee_id
    number = None
    if about_item:
        takes_state = record.item is not None and record.sequence > known.item_state
        if record.item is not None and record.item.kind == _RESEARCH:
            number = _number(record.item, known)
        if record.item is not None and takes_state:
            assignee = record.item.assignee or None
        await _save_item(session, record, known, takes_state=takes_state, number=number)
        if record.tasks is not None and record.sequence > known.tasks:
            await _replace_tasks(session, record, record.tasks)
        if (record.tasks and record.sequence > known.tasks) or assignee != known.assignee_id:
            await resolve_owners(session, tasks.c.item_id == record.item_id)
    await _save_engagement(session, record, known, number=number)
    return Written.NEW


async def _known(session: AsyncSession, record: Record) -> _Known:
    e, i = engagements.c, items.c
    written = (
        select(func.count())
        .where(events.c.item_id == record.item_id, events.c.sequence == record.sequence)
        .scalar_subquery()
    )
    statement = (
        select(
            e.next_number,
            e.sequence,
            e.state_sequence,
            written.label("written"),
            i.id.label("item_id"),
            i.sequence.label("item_sequence"),
            i.state_sequence.label("item_state"),
            i.tasks_sequence,
            i.assignee_id,
        )
        .select_from(engagements.outerjoin(items, i.id == record.item_id))
        .where(e.id == record.engagement_id)
        # Of two attempts at once, the second waits here and then finds the first one's facts.
        .with_for_update(of=engagements)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise UnknownEngagement(record.engagement_id)
    return _Known(
        next_number=row.next_number,
        engagement_sequence=row.sequence,
        engagement_state=row.state_sequence,
        written=row.written,
        item=row.item_id is not None,
        item_sequence=row.item_sequence or 0,
        item_state=row.item_state or 0,
        tasks=row.tasks_sequence or 0,
        assignee_id=row.assignee_id,
    )


def _before(record: Record, known: _Known) -> _Known:
    """The state before a lost decision, if that was the last one stored."""

    def before(sequence: int) -> int:
        return sequence - 1 if sequence == record.sequence else sequence

    return replace(
        known,
        engagement_state=before(known.engagement_state),
        item_state=before(known.item_state),
        tasks=before(known.tasks),
    )


def _events(record: Record) -> list[dict[str, Any]]:
    return [
        {
            "engagement_id": record.engagement_id,
            "item_id": record.item_id,
            "sequence": record.sequence,
            "position": position,
            "kind": fact.kind,
            "actor": fact.actor,
            "at": fact.at,
            "data": dict(fact.data),
            "text_id": fact.text,
        }
        for position, fact in enumerate(record.facts)
    ]


def _number(state: ItemState, known: _Known) -> int:
    """The number that people use for a request: its key, or else the next number."""
    return int(state.key) if state.key.isdecimal() else known.next_number


async def _save_item(
    session: AsyncSession, record: Record, known: _Known, *, takes_state: bool, number: int | None
) -> None:
    values: dict[str, Any] = {"sequence": max(record.sequence, known.item_sequence)}
    if record.tasks is not None:
        values["tasks_sequence"] = max(record.sequence, known.tasks)
    if takes_state and record.item is not None:
        values |= _item_values(record.item, number) | {"state_sequence": record.sequence}
    if record.closes:
        values |= {"stage": "closed", "outcome": record.closes, "closed_at": record.facts[0].at}
    if known.item:
        await session.execute(update(items).where(items.c.id == record.item_id).values(values))
        return
    # Facts or tasks came before the item's state, so its row has no stage until that comes.
    blank = _item_values(ItemState(kind="onboarding", key="", stage="", opened_at=_EPOCH), None)
    row = {"state_sequence": 0, "tasks_sequence": 0} | blank | values
    await session.execute(
        insert(items).values(id=record.item_id, engagement_id=record.engagement_id, **row)
    )


def _item_values(state: ItemState, number: int | None) -> dict[str, Any]:
    data = dict(state.data)
    if number is not None:
        data.setdefault("number", str(number))
    return {
        "kind": state.kind,
        "key": state.key,
        "stage": state.stage,
        "opened_at": state.opened_at,
        "closed_at": state.closed_at,
        "outcome": state.outcome,
        "assignee_id": state.assignee or None,
        "due_at": state.due_at,
        "data": data,
    }


async def _replace_tasks(
    session: AsyncSession, record: Record, states: Sequence[TaskState]
) -> None:
    await session.execute(delete(tasks).where(tasks.c.item_id == record.item_id))
    if not states:
        return
    rows = [
        {
            "item_id": record.item_id,
            "key": state.key,
            "engagement_id": record.engagement_id,
            "family": state.family,
            "owner_role": state.owner,
            "owner_id": None,
            "due_at": state.due_at,
            "revision": state.revision,
            "soon_at": state.soon_at,
            "stuck_at": state.stuck_at,
            "opened_at": state.opened_at,
            "text_id": state.text,
        }
        for state in states
    ]
    await session.execute(insert(tasks).values(rows))


async def _save_engagement(
    session: AsyncSession, record: Record, known: _Known, *, number: int | None
) -> None:
    values: dict[str, Any] = {
        column.name: select(func.min(tasks.c[column.name]))
        .where(tasks.c.engagement_id == record.engagement_id)
        .scalar_subquery()
        for column in (tasks.c.soon_at, tasks.c.due_at, tasks.c.stuck_at)
    }
    if number is not None:
        values["next_number"] = max(known.next_number, number + 1)
    if record.item_id == record.engagement_id:
        values["sequence"] = max(record.sequence, known.engagement_sequence)
        if record.engagement is not None and record.sequence > known.engagement_state:
            values |= _engagement_values(record.engagement) | {"state_sequence": record.sequence}
    await session.execute(
        update(engagements).where(engagements.c.id == record.engagement_id).values(values)
    )


def _engagement_values(state: EngagementState) -> dict[str, Any]:
    return {
        "stage": state.stage,
        "started_on": state.started_on,
        "opened_at": state.opened_at,
        "onboarded_at": state.onboarded_at,
        "closed_at": state.closed_at,
        "reason": state.reason,
        "moved": {key: day.isoformat() for key, day in state.moved.items()},
        "cycles": [instant.isoformat() for instant in state.cycles],
    }
