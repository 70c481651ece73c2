"""Reads one engagement with everything that its page shows, in three statements."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.vocabulary import Health
from storage.queries.access import ALL, Visibility
from storage.queries.engagement_order import advisers, managers
from storage.queries.engagements import engagement_columns, team_of
from storage.queries.members import ContactRow, contacts_of
from storage.queries.rows import (
    ItemRow,
    MemberRow,
    Named,
    TaskRow,
    assignees,
    filled,
    item_columns,
    item_row,
    member_columns,
    member_row,
    task_columns,
    task_row,
    with_owner,
)
from storage.sql import engagements, items, members, programmes, tasks, texts


@dataclass(frozen=True)
class EngagementDetail:
    """An engagement, its member's contacts, its items by opening, its open tasks by due instant."""

    id: str
    member: MemberRow
    programme_id: str
    programme_version: int
    programme_title: str
    manager: Named | None
    adviser: Named | None
    stage: str
    health: Health
    started_on: date
    opened_at: datetime
    onboarded_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    reason: str | None
    """Why it was withdrawn, in the words of the person who did it."""
    moved: dict[str, str]
    cycles: tuple[str, ...]
    sequence: int
    contacts: tuple[ContactRow, ...]
    items: tuple[ItemRow, ...]
    tasks: tuple[TaskRow, ...]

    def task(self, now: datetime) -> TaskRow | None:
        """The open task that explains the health, as in the list."""
        worst = ("stuck", "overdue", "due_soon", "on_track")
        return min(
            self.tasks,
            key=lambda one: (worst.index(one.health(now)), one.due_at, one.item_id, one.key),
            default=None,
        )

    @property
    def open_requests(self) -> int:
        """How many research requests are open."""
        return sum(1 for one in self.items if one.kind == "research" and one.closed_at is None)


@dataclass(frozen=True)
class PlannedFrom:
    """The input for the plan of an engagement."""

    id: str
    programme_id: str
    programme_version: int
    source: str
    """The definition as it was written."""
    calendar: dict[str, Any]
    started_on: date
    opened_at: datetime
    onboarded_at: datetime | None
    stage: str
    moved: dict[str, str]
    cycles: tuple[str, ...]
    sequence: int
    steps: dict[str, str]
    """The state of each onboarding step; empty before the onboarding opens."""
    steps_moved: dict[str, datetime]
    """The due dates of open steps that a manager has moved, by the task's key."""


async def show_engagement(
    session: AsyncSession, engagement_id: str, now: datetime, *, visible_to: Visibility = ALL
) -> EngagementDetail | None:
    """The engagement; ``None`` if this reader may not see it. Three statements."""
    values = {"engagement_id": engagement_id, "now": now, **visible_to.values}
    row = (await session.execute(_engagement_statement(visible_to.shape), values)).one_or_none()
    if row is None:
        return None
    member = member_row(row)
    its_items, its_tasks = await _items_and_tasks(session, engagement_id)
    return filled(
        EngagementDetail,
        row,
        **team_of(row),
        member=member,
        programme_title=row.programme_title or row.programme_id,
        reason=row.reason_text,
        cycles=tuple(row.cycles),
        contacts=await contacts_of(session, member.id),
        items=its_items,
        tasks=its_tasks,
    )


@cache
def _engagement_statement(visible_to: Visibility) -> Select[Any]:
    c = engagements.c
    title = programmes.c.title.label("programme_title")
    return (
        select(
            *engagement_columns(),
            *member_columns(),
            *(c.moved, c.cycles, title, texts.c.body.label("reason_text")),
        )
        .select_from(
            engagements.join(members, members.c.id == c.member_id)
            .outerjoin(managers, managers.c.id == c.manager_id)
            .outerjoin(advisers, advisers.c.id == c.adviser_id)
            .outerjoin(programmes, _its_programme())
            .outerjoin(texts, texts.c.id == c.reason)
        )
        .where(c.id == bindparam("engagement_id"), visible_to.of_engagements())
    )


async def _items_and_tasks(
    session: AsyncSession, engagement_id: str
) -> tuple[tuple[ItemRow, ...], tuple[TaskRow, ...]]:
    found = await session.execute(_items_and_tasks_statement(), {"engagement_id": engagement_id})
    rows = found.all()
    # Each item has one row per task, or one row without a task.
    first = {row.item_id: row for row in rows}
    open_tasks = [task_row(row) for row in rows if row.task_key is not None]
    open_tasks.sort(key=lambda one: (one.due_at, one.item_id, one.key))
    return tuple(item_row(row) for row in first.values()), tuple(open_tasks)


@cache
def _items_and_tasks_statement() -> Select[Any]:
    return (
        select(*item_columns(), *task_columns())
        .select_from(
            with_owner(
                items.outerjoin(tasks, tasks.c.item_id == items.c.id).outerjoin(
                    assignees, assignees.c.id == items.c.assignee_id
                )
            )
        )
        .where(items.c.engagement_id == bindparam("engagement_id"), items.c.state_sequence > 0)
        .order_by(items.c.opened_at, items.c.id)
    )


async def planned_from(
    session: AsyncSession, engagement_id: str, *, visible_to: Visibility = ALL
) -> PlannedFrom | None:
    """The planner's input for this engagement. One statement."""
    c = engagements.c
    onboarding = and_(items.c.engagement_id == c.id, items.c.kind == "onboarding")
    # Revision 1 of a date comes from the plan.
    moved = and_(tasks.c.item_id == items.c.id, tasks.c.revision > 1)
    statement = (
        select(
            *(c.id, c.programme_id, c.programme_version, programmes.c.source, c.calendar),
            *(c.started_on, c.opened_at, c.onboarded_at, c.stage, c.moved, c.cycles, c.sequence),
            *(items.c.data.label("steps"), tasks.c.key.label("task"), tasks.c.due_at.label("due")),
        )
        .select_from(
            engagements.join(programmes, _its_programme())
            .outerjoin(items, onboarding)
            .outerjoin(tasks, moved)
        )
        .where(c.id == engagement_id, visible_to.of_engagements())
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return None
    values = rows[0]._asdict()
    del values["task"], values["due"]
    return PlannedFrom(
        **values
        | {
            "cycles": tuple(rows[0].cycles),
            "steps": rows[0].steps or {},
            "steps_moved": {row.task: row.due for row in rows if row.task is not None},
        }
    )


def _its_programme() -> ColumnElement[bool]:
    return and_(
        programmes.c.id == engagements.c.programme_id,
        programmes.c.version == engagements.c.programme_version,
    )
