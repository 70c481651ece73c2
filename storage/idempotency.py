"""Calls with an ``Idempotency-Key``: the first call works, and repeats get its answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_or_ignore
from storage.sql import idempotent_calls

ABANDONED_AFTER = timedelta(seconds=20)
"""A call without an answer by then is taken to be dead, and the next attempt replaces it.

This is twice as long as a call waits for its workflow. If the first call still runs, both derive
the same ids from the key, so the workflow sees one request.
"""


KEPT_FOR = timedelta(days=7)
"""How long an answer is kept. It may contain personal data, which must not outlive the person's
erasure by long."""


@dataclass(frozen=True)
class Known:
    """The answer to the first call."""

    status: int
    body: str


class KeyReused(ValueError):
    """The key was used before with a different request."""


class StillRunning(RuntimeError):
    """The first call with this key has not answered yet."""


async def begin(
    session: AsyncSession, holder_id: str, key: str, fingerprint: str, now: datetime
) -> Known | None:
    """Claim the key, or return the stored answer. ``None`` means: go ahead, then ``finish`` or
    ``forget``.

    Exactly one of several simultaneous calls goes ahead. Commit before doing the work. Raises
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
        # It was freed between the two statements, so the next attempt will succeed.
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
    """Store the answer, unless one is stored already."""
    c = idempotent_calls.c
    await session.execute(
        update(idempotent_calls)
        .where(c.holder_id == holder_id, c.key == key, c.status.is_(None))
        .values(status=status, body=body)
    )


async def forget(session: AsyncSession, holder_id: str, key: str) -> None:
    """Free the key of a failed call."""
    c = idempotent_calls.c
    await session.execute(
        delete(idempotent_calls).where(c.holder_id == holder_id, c.key == key, c.status.is_(None))
    )
