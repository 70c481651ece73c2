"""Who has to act on each open task: its owner role, resolved to whoever holds it today.

The same rules as ``storage.roles`` (a test compares them), written in SQL: when somebody leaves or
takes over, one statement puts every task right that was theirs.
"""

from sqlalchemy import ColumnElement, Select, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.roles import ADVISER, LEAD, MANAGER, MEMBER, RESEARCHER, TEAM
from storage.sql import contacts, engagements, items, people, tasks


async def resolve_owners(session: AsyncSession, where: ColumnElement[bool]) -> None:
    """Set ``owner_id`` of the open tasks that meet the condition. One statement."""
    await session.execute(update(tasks).where(where).values(owner_id=_owner()))


def of_member(member_id: str) -> ColumnElement[bool]:
    """The tasks of a member's engagements."""
    theirs = select(engagements.c.id).where(engagements.c.member_id == member_id)
    return tasks.c.engagement_id.in_(theirs)


def of_person(person_id: str) -> ColumnElement[bool]:
    """The tasks in which a person of the office has, or may have, a part."""
    c = engagements.c
    theirs = select(c.id).where((c.manager_id == person_id) | (c.adviser_id == person_id))
    drafts = select(items.c.id).where(items.c.assignee_id == person_id)
    return (
        tasks.c.engagement_id.in_(theirs)
        | tasks.c.item_id.in_(drafts)
        | (tasks.c.owner_role == person_id)
    )


def _owner() -> ColumnElement[str]:
    manager = _person(engagements.c.manager_id)
    adviser = _person(engagements.c.adviser_id)
    role = tasks.c.owner_role
    return case(
        (role.in_((LEAD, MEMBER)), _lead().scalar_subquery()),
        (role == MANAGER, manager.scalar_subquery()),
        (role == ADVISER, func.coalesce(adviser.scalar_subquery(), manager.scalar_subquery())),
        (
            role == RESEARCHER,
            func.coalesce(_assignee().scalar_subquery(), manager.scalar_subquery()),
        ),
        (
            role == TEAM,
            func.coalesce(
                manager.scalar_subquery(),
                adviser.scalar_subquery(),
                _assignee().scalar_subquery(),
            ),
        ),
        else_=func.coalesce(
            select(contacts.c.id).where(contacts.c.id == role, contacts.c.active).scalar_subquery(),
            select(people.c.id).where(people.c.id == role, people.c.active).scalar_subquery(),
        ),
    )


def _lead() -> Select[str]:
    return (
        select(contacts.c.id)
        .join(engagements, engagements.c.member_id == contacts.c.member_id)
        .where(engagements.c.id == tasks.c.engagement_id, contacts.c.lead, contacts.c.active)
    )


def _person(named_in: ColumnElement[str]) -> Select[str]:
    return (
        select(people.c.id)
        .join(engagements, named_in == people.c.id)
        .where(engagements.c.id == tasks.c.engagement_id, people.c.active)
    )


def _assignee() -> Select[str]:
    return (
        select(people.c.id)
        .join(items, items.c.assignee_id == people.c.id)
        .where(items.c.id == tasks.c.item_id, people.c.active)
    )
