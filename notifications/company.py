"""With which others a notification went out in one email: read to explain it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.visibility import Visibility
from storage.sql import engagements, items, members, notifications


@dataclass(frozen=True)
class Companion:
    """Another notification of the same email."""

    id: str
    kind: str
    task: str
    item_kind: str
    item_key: str
    member: str
    state: str
    reason: str


@dataclass(frozen=True)
class Company:
    """Who speaks for a notification, or for whom it speaks; as far as this reader may see them."""

    carrier: Companion | None = None
    carries: tuple[Companion, ...] = ()
    unseen: int = 0
    """How many more it speaks for."""


async def read_company(
    session: AsyncSession, notification_id: str, carrier_id: str | None, visible_to: Visibility
) -> Company:
    """Read it, in a statement or two."""
    c = notifications.c
    if carrier_id is not None:
        found = await _companions(session, c.id == carrier_id, visible_to)
        return Company(carrier=found[0] if found else None)
    carried = c.carrier_id == notification_id
    count = select(func.count()).select_from(notifications).where(carried)
    if not (number := int((await session.execute(count)).scalar_one())):
        return Company()
    found = await _companions(session, carried, visible_to)
    return Company(carries=found, unseen=number - len(found))


async def _companions(
    session: AsyncSession, where: ColumnElement[bool], visible_to: Visibility
) -> tuple[Companion, ...]:
    c = notifications.c
    query = (
        select(
            *(c.id, c.kind, c.task),
            func.coalesce(items.c.kind, ""),
            func.coalesce(items.c.key, ""),
            *(members.c.name, c.state, c.reason),
        )
        .select_from(
            notifications.join(engagements, engagements.c.id == c.engagement_id)
            .join(members, members.c.id == engagements.c.member_id)
            .outerjoin(items, items.c.id == c.item_id)
        )
        .where(where, visible_to.of_engagements())
        .order_by(c.reserved_at, c.id)
    )
    return tuple(Companion(*row) for row in await session.execute(query))
