"""Suppresses addresses that bounced or whose recipient complained, and lifts that again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_or_ignore, new_id
from storage.events import note
from storage.master.checks import Missing
from storage.sql import contacts, people, suppressions


@dataclass(frozen=True)
class Lifted:
    """An address that gets emails again."""

    address: str


async def suppress(
    session: AsyncSession,
    now: datetime,
    address: str,
    *,
    reason: str,
    notification_id: str | None = None,
) -> bool:
    """Send nothing more to the address; ``False`` if it is suppressed already."""
    row = {
        "id": new_id("sup"),
        "address": address.lower(),
        "reason": reason,
        "notification_id": notification_id,
        "at": now,
        "lifted_at": None,
        "lifted_by": None,
    }
    if not await insert_or_ignore(session, suppressions, [row]):
        return False
    await note(session, "address.suppressed", str(row["id"]), "system", now, {"reason": reason})
    return True


async def lift(session: AsyncSession, by: str, now: datetime, suppression_id: str) -> Lifted:
    """Send to the address again. Raises ``Missing`` if it is not suppressed."""
    c = suppressions.c
    lifted = await session.execute(
        update(suppressions)
        .where(c.id == suppression_id, c.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=by)
        .returning(c.address)
    )
    address = lifted.scalar_one_or_none()
    if address is None:
        raise Missing(suppression_id)
    await note(session, "address.lifted", suppression_id, by, now)
    return Lifted(address)


async def suppressed_address(session: AsyncSession, suppression_id: str) -> str | None:
    """The address of a suppression; ``None`` if it is lifted or unknown."""
    c = suppressions.c
    return await session.scalar(
        select(c.address).where(c.id == suppression_id, c.lifted_at.is_(None))
    )


async def holders_of(session: AsyncSession, address: str) -> list[str]:
    """The contacts and people with that address."""
    statement = union_all(
        *(
            select(table.c.id).where(table.c.email == address.lower())
            for table in (contacts, people)
        )
    )
    return sorted((await session.execute(statement)).scalars())
