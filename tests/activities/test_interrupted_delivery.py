"""Heartbeats while an email or a record waits, until the attempt's time is up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.deliver import heartbeats, retry_error
from activities.inputs import DeliverInput, RedeliverInput
from notifications.senders.protocol import Accepted, Email, Permanent, Transient
from storage.database import Database
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import Post, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

REMIND = record(1, reminder(), tasks=(task(),))
WANTED = 5


class Heart(ActivityEnvironment):
    """Counts the heartbeats of an activity with a timeout of a fifth of a second."""

    def __init__(self, longest: float = 60) -> None:
        super().__init__()
        self.info = replace(
            self.info,
            heartbeat_timeout=timedelta(seconds=0.2),
            start_to_close_timeout=timedelta(seconds=longest),
        )
        self.beats = 0
        self.enough = asyncio.Event()
        self.on_heartbeat = self._beat

    def _beat(self, *_details: object) -> None:
        self.beats += 1
        if self.beats >= WANTED:
            self.enough.set()


class Slow(Scripted):
    """A mail server that is slow to accept an email."""

    def __init__(self, wait: Callable[[], Awaitable[Any]]) -> None:
        super().__init__()
        self._wait = wait

    async def send(self, email: Email) -> Accepted:
        await asyncio.wait_for(self._wait(), 30)
        return await super().send(email)


@asynccontextmanager
async def stalled(database: Database) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A database that is locked until the given function is called."""
    ready, free = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.transaction() as session:
            # SQLite has one writer, whatever it does.
            keeps = {"postgresql": "lock table notifications in access exclusive mode"}
            await session.execute(text(keeps.get(database.dialect, "select 1")))
            ready.set()
            await free.wait()

    holding = asyncio.create_task(hold())
    await ready.wait()

    async def release() -> None:
        free.set()
        await holding

    try:
        yield release
    finally:
        await release()


async def test_it_beats_while_a_mail_server_takes_its_time(database: Database) -> None:
    heart = Heart()
    post = Post(database, Slow(heart.enough.wait))
    await post.write(REMIND)
    await heart.run(post.courier.deliver, DeliverInput("eng_1", "itm_1", 1))
    assert await post.outcomes() == ["accepted"]


async def test_it_beats_while_the_database_is_locked(database: Database) -> None:
    heart, post = Heart(), Post(database)
    await post.write(REMIND)
    async with stalled(database) as release:
        of = DeliverInput("eng_1", "itm_1", 1)
        delivering = asyncio.create_task(heart.run(post.courier.deliver, of))
        await asyncio.wait_for(heart.enough.wait(), 30)
        await release()
        await delivering
    assert await post.outcomes() == ["accepted"]


async def test_it_beats_while_it_writes_a_record_before_it_reminds(database: Database) -> None:
    heart, post = Heart(), Post(database)
    async with stalled(database) as release:
        reminding = asyncio.create_task(heart.run(post.courier.remind, REMIND))
        await asyncio.wait_for(heart.enough.wait(), 30)
        await release()
        await reminding
    assert await post.outcomes() == ["accepted"]


async def test_it_beats_while_it_sends_again(database: Database) -> None:
    post = Post(database, Scripted([Permanent("sendgrid_400")]))
    await post.write(REMIND)
    await post.deliver(REMIND)
    [id] = await _ids(database)
    heart = Heart()
    slow = Post(database, Slow(heart.enough.wait))
    await heart.run(slow.courier.redeliver, RedeliverInput(id, 1, "per_manager"))
    assert await post.outcomes() == ["permanent", "accepted"]


async def _ids(database: Database) -> list[str]:
    async with database.reading() as session:
        return list((await session.execute(text("select id from notifications"))).scalars())


async def test_it_beats_no_longer_than_the_attempt_may_take() -> None:
    heart = Heart(longest=0.5)

    async def hangs() -> None:
        async with heartbeats() as beats:
            assert beats is not None
            await asyncio.wait_for(asyncio.shield(beats), 30)

    await heart.run(hangs)
    assert heart.beats == 10


async def test_it_stops_with_the_attempt() -> None:
    heart = Heart()

    async def quick() -> asyncio.Task[None]:
        async with heartbeats() as beats:
            assert beats is not None
            return beats

    assert (await heart.run(quick)).cancelled()


async def test_outside_an_activity_there_are_no_heartbeats() -> None:
    async with heartbeats() as beats:
        assert beats is None


@pytest.mark.parametrize("broken", [RuntimeError, asyncio.CancelledError])
async def test_errors_pass_through_unchanged(broken: type[BaseException]) -> None:
    async def fails() -> None:
        async with heartbeats():
            raise broken

    with pytest.raises(broken):
        await Heart().run(fails)


def test_a_wait_is_logged_as_a_line_without_a_traceback() -> None:
    """Otherwise Temporal's client would log a traceback at each attempt of an outage."""
    with capture_logs() as logs:
        error = retry_error([Transient("sendgrid_401"), Transient("sendgrid_401")], of=5)
    assert error.category is ApplicationErrorCategory.BENIGN
    assert not error.non_retryable
    assert logs == [
        {
            "event": "emails_wait",
            "log_level": "info",
            "count": 2,
            "of": 5,
            "reasons": "sendgrid_401",
        }
    ]
