"""Reads what a permission depends on: who calls, what they may see, and what a command is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.rules import ItemKind
from storage.queries.rows import owner_contacts, owner_people
from storage.sql import contacts, engagements, items, members, people, tasks, tokens


@dataclass(frozen=True)
class Visibility:
    """``ALL``, or the one member whose rows the reader may see."""

    member_id: str | None = None

    def of_engagements(self) -> ColumnElement[bool]:
        """The condition on ``engagements``."""
        return true() if self.member_id is None else engagements.c.member_id == self._bound()

    def of_members(self) -> ColumnElement[bool]:
        """The condition on ``members``."""
        return true() if self.member_id is None else members.c.id == self._bound()

    @property
    def shape(self) -> "Visibility":
        """The same for every member, for a statement that is built once."""
        return ALL if self.member_id is None else SOME_MEMBER

    @property
    def values(self) -> dict[str, object]:
        """The values of a statement with this shape."""
        return {} if self.member_id is None else {"visible_to": self.member_id}

    def _bound(self) -> BindParameter[str]:
        return bindparam("visible_to", self.member_id)


ALL = Visibility()
SOME_MEMBER = Visibility("")


@dataclass(frozen=True)
class Holder:
    """The person or contact that a token belongs to."""

    token_id: str
    holder_id: str
    role: str
    name: str
    member_id: str | None
    """The member of a contact; ``None`` for a person of the office."""


@dataclass(frozen=True)
class TokenRow:
    """A row in the list of tokens. The secret is not stored."""

    id: str
    role: str
    holder_id: str
    holder_name: str
    label: str
    created_at: datetime
    revoked_at: datetime | None


_TOKENS = tokens.outerjoin(owner_contacts, owner_contacts.c.id == tokens.c.holder_id).outerjoin(
    owner_people, owner_people.c.id == tokens.c.holder_id
)
_NAME = func.coalesce(owner_contacts.c.name, owner_people.c.name, "").label("holder_name")

_HOLDER = (
    select(tokens.c.id, tokens.c.holder_id, tokens.c.role, _NAME, owner_contacts.c.member_id)
    .select_from(_TOKENS)
    .where(
        tokens.c.sha256 == bindparam("sha256"),
        tokens.c.revoked_at.is_(None),
        func.coalesce(owner_contacts.c.active, owner_people.c.active),
    )
)


async def holder_of(session: AsyncSession, sha256: str) -> Holder | None:
    """The holder of the token with this hash. ``None`` if the token is unknown or revoked, or the
    holder is no longer active. One statement."""
    row = (await session.execute(_HOLDER, {"sha256": sha256})).one_or_none()
    return Holder(*row) if row else None


async def list_tokens(session: AsyncSession) -> tuple[TokenRow, ...]:
    """All tokens, revoked ones included, the newest first."""
    c = tokens.c
    found = await session.execute(
        select(c.id, c.role, c.holder_id, _NAME, c.label, c.created_at, c.revoked_at)
        .select_from(_TOKENS)
        .order_by(c.created_at.desc(), c.id)
    )
    return tuple(TokenRow(*row) for row in found)


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
