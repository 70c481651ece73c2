"""Reads the target of a command: its engagement and item, with the people responsible."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.rules import ItemKind
from storage.sql import contacts, engagements, items, people, tasks


@dataclass(frozen=True)
class Place:
    """An engagement, with the people responsible for it or for its item."""

    engagement_id: str
    member_id: str
    programme_id: str
    programme_version: int
    stage: str
    manager_id: str | None
    adviser_id: str | None
    assignee_id: str | None = None
    task_role: str | None = None
    """The owner of the given task, as a role or an id; ``None`` if the task is not open."""
    task_holder: str | None = None
    """The contact or person who has that role today."""


@dataclass(frozen=True, kw_only=True)
class ItemPlace(Place):
    """An item of an engagement."""

    item_id: str
    kind: ItemKind
    key: str


@dataclass(frozen=True)
class KnownPerson:
    """A person of the office or a contact, as named in a command."""

    id: str
    role: str
    """``member`` for a contact."""
    active: bool
    member_id: str | None = None


async def place_of_engagement(session: AsyncSession, engagement_id: str) -> Place | None:
    """The engagement; ``None`` if there is none."""
    statement = _engagement_columns().where(engagements.c.id == engagement_id)
    row = (await session.execute(statement)).one_or_none()
    return Place(**row._asdict()) if row else None


async def place_of_item(session: AsyncSession, item_id: str, task: str = "") -> ItemPlace | None:
    """The item, with the owner of the open task that ``task`` names; ``None`` if there is none."""
    statement = (
        _engagement_columns()
        .add_columns(
            items.c.id.label("item_id"),
            items.c.kind,
            items.c.key,
            items.c.assignee_id,
            tasks.c.owner_role.label("task_role"),
            tasks.c.owner_id.label("task_holder"),
        )
        .join(items, items.c.engagement_id == engagements.c.id)
        .outerjoin(tasks, and_(tasks.c.item_id == items.c.id, tasks.c.key == task))
        .where(items.c.id == item_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return ItemPlace(**row._asdict()) if row else None


async def has_closed(session: AsyncSession, item_id: str) -> bool:
    """Whether the item is recorded as closed."""
    statement = select(items.c.closed_at).where(items.c.id == item_id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def known_person(session: AsyncSession, holder_id: str) -> KnownPerson | None:
    """The person or contact with that id; ``None`` if there is none."""
    statement = select(
        people.c.id, people.c.role, people.c.active, literal(None).label("member_id")
    ).where(people.c.id == holder_id)
    contact = select(
        contacts.c.id, literal("member"), contacts.c.active, contacts.c.member_id
    ).where(contacts.c.id == holder_id)
    row = (await session.execute(statement.union_all(contact))).one_or_none()
    return KnownPerson(row[0], row[1], bool(row[2]), row[3]) if row else None


async def names_of(session: AsyncSession, ids: Sequence[str]) -> dict[str, str]:
    """The names of these people and contacts by id; no statement without ids."""
    if not ids:
        return {}
    statement = (
        select(people.c.id, people.c.name)
        .where(people.c.id.in_(ids))
        .union_all(select(contacts.c.id, contacts.c.name).where(contacts.c.id.in_(ids)))
    )
    found = await session.execute(statement)
    return {row[0]: row[1] for row in found}


def _engagement_columns() -> Select[Any]:
    return select(
        engagements.c.id.label("engagement_id"),
        engagements.c.member_id,
        engagements.c.programme_id,
        engagements.c.programme_version,
        engagements.c.stage,
        engagements.c.manager_id,
        engagements.c.adviser_id,
    )
