"""Calls that carried an ``Idempotency-Key``: the first one works, its repeats get its answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import idempotent_calls, insert_or_ignore

ABANDONED_AFTER = timedelta(seconds=20)
"""A call that has not answered by then died with its process; the next attempt takes its place.

Twice as long as a call waits for its workflow. Should the first one still run, the two meet there:
the ids of what they ask for are derived from the key.
"""


KEPT_FOR = timedelta(days=7)
"""How long an answer is repeated. It may hold a text or an address, and erasing a person must not
leave them here."""


@dataclass(frozen=True)
class Known:
    """The answer that the first call got."""

    status: int
    body: str


class KeyReused(ValueError):
    """The key came before with another request."""


class StillRunning(RuntimeError):
    """The first call with this key has not answered yet."""


async def begin(
    session: AsyncSession, holder_id: str, key: str, fingerprint: str, now: datetime
) -> Known | None:
    """Claim the key; ``None`` means: go ahead, then ``finish`` or ``forget``.

    Of any number of calls at once, exactly one goes ahead. Commit before doing the work. Raises
    ``KeyReused`` and ``StillRunning``.
    """
    row = {
        "holder_id": holder_id,
        "key": key,
        "fingerprint": fingerprint,
        "status": None,
        "body": "",
        "created_at": now,
    }
    c = idempotent_calls.c
    await session.execute(delete(idempotent_calls).where(c.created_at < now - KEPT_FOR))
    if await insert_or_ignore(session, idempotent_calls, [row]):
        return None
    found = (
        await session.execute(
            select(c.fingerprint, c.status, c.body, c.created_at)
            .where(c.holder_id == holder_id, c.key == key)
            .with_for_update()
        )
    ).one_or_none()
    if found is None:
        # Forgotten between the two statements: whoever comes again finds it free.
        raise StillRunning(key)
    if found.fingerprint != fingerprint:
        raise KeyReused(key)
    if found.status is not None:
        return Known(found.status, found.body)
    if now - found.created_at < ABANDONED_AFTER:
        raise StillRunning(key)
    await session.execute(
        update(idempotent_calls)
        .where(c.holder_id == holder_id, c.key == key)
        .values(created_at=now)
    )
    return None


async def finish(session: AsyncSession, holder_id: str, key: str, status: int, body: str) -> None:
    """Keep the answer. The first one kept stands."""
    c = idempotent_calls.c
    await session.execute(
        update(idempotent_calls)
        .where(c.holder_id == holder_id, c.key == key, c.status.is_(None))
        .values(status=status, body=body)
    )


async def forget(session: AsyncSession, holder_id: str, key: str) -> None:
    """Free the key of a call that came to nothing."""
    c = idempotent_calls.c
    await session.execute(
        delete(idempotent_calls).where(c.holder_id == holder_id, c.key == key, c.status.is_(None))
    )
