"""What a reader may see: everything, or one member. Always applied in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.rows import owner_contacts, owner_people
from storage.sql import engagements, members, tokens


@dataclass(frozen=True)
class Visibility:
    """``ALL``, or the one member whose rows the reader may see."""

    member_id: str | None = None

    def of_engagements(self) -> ColumnElement[bool]:
        """The condition on ``engagements``."""
        if self.member_id is None:
            return true()
        return engagements.c.member_id == self.member_id

    def of_members(self) -> ColumnElement[bool]:
        """The condition on ``members``."""
        return true() if self.member_id is None else members.c.id == self.member_id


ALL = Visibility()


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


async def holder_of(session: AsyncSession, sha256: str) -> Holder | None:
    """The holder of the token with this hash. ``None`` if the token is unknown or revoked, or the
    holder is no longer active. One statement."""
    c = tokens.c
    statement = (
        select(c.id, c.holder_id, c.role, _NAME, owner_contacts.c.member_id)
        .select_from(_TOKENS)
        .where(
            c.sha256 == sha256,
            c.revoked_at.is_(None),
            func.coalesce(owner_contacts.c.active, owner_people.c.active),
        )
    )
    row = (await session.execute(statement)).one_or_none()
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
