"""A key has one answer: of several calls at once, one works."""

import asyncio
from datetime import timedelta

import pytest

from storage.database import Database
from storage.idempotency import (
    ABANDONED_AFTER,
    KeyReused,
    Known,
    StillRunning,
    begin,
    finish,
    forget,
)
from tests.storage.office import NOW


async def start(
    database: Database,
    *,
    holder: str = "per_1",
    fingerprint: str = "f",
    after: timedelta | None = None,
) -> Known | None:
    async with database.transaction() as session:
        return await begin(session, holder, "key", fingerprint, NOW + (after or timedelta(0)))


async def test_a_repeat_gets_the_first_answer(database: Database) -> None:
    assert await start(database) is None
    async with database.transaction() as session:
        await finish(session, "per_1", "key", 201, '{"id": 1}')
        await finish(session, "per_1", "key", 500, "late")
    assert await start(database) == Known(201, '{"id": 1}')
    assert await start(database, holder="per_2") is None, "a key is its holder's own"


async def test_a_key_with_another_request_is_refused(database: Database) -> None:
    await start(database)
    with pytest.raises(KeyReused):
        await start(database, fingerprint="other")


async def test_one_of_several_simultaneous_calls_goes_ahead(database: Database) -> None:
    answers = await asyncio.gather(*(start(database) for _ in range(8)), return_exceptions=True)
    assert [one for one in answers if one is None] == [None]
    assert sum(isinstance(one, StillRunning) for one in answers) == 7


async def test_a_failed_call_frees_its_key(database: Database) -> None:
    await start(database)
    async with database.transaction() as session:
        await forget(session, "per_1", "key")
    assert await start(database, fingerprint="other") is None


async def test_an_answer_cannot_be_removed(database: Database) -> None:
    await start(database)
    async with database.transaction() as session:
        await finish(session, "per_1", "key", 200, "")
        await forget(session, "per_1", "key")
    assert await start(database) == Known(200, "")


async def test_one_call_replaces_a_call_whose_process_died(database: Database) -> None:
    await start(database)
    with pytest.raises(StillRunning):
        await start(database, after=ABANDONED_AFTER - timedelta(seconds=1))
    answers = await asyncio.gather(
        *(start(database, after=ABANDONED_AFTER) for _ in range(4)), return_exceptions=True
    )
    assert [one for one in answers if one is None] == [None]
    assert sum(isinstance(one, StillRunning) for one in answers) == 3
