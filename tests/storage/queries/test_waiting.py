"""What waits for the sender, by reason."""

import pytest
from temporalio.exceptions import ApplicationError

from notifications.senders.protocol import Permanent, Transient
from storage.database import Database
from storage.queries.waiting import Waiting, waiting_emails
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import database_url as database_url
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.notifications.senders import Scripted

ONE = record(1, *(reminder(f"triage/{n}") for n in range(5)), tasks=(task(),))


async def waiting(database: Database) -> list[Waiting]:
    async with database.reading() as session:
        return await waiting_emails(session)


async def test_what_the_last_attempt_came_to_is_why_an_email_waits(database: Database) -> None:
    login, busy = Transient("smtp_login_refused"), Transient("smtp_450")
    script = [busy, login, login, Permanent("smtp_550"), None, login, None, login]
    post = Post(database, Scripted(script))
    await post.write(ONE)
    for _ in range(2):
        with pytest.raises(ApplicationError, match="of 5 emails have to wait"):
            await post.deliver(ONE)
    # Two of the three were refused again.
    assert await waiting(database) == [Waiting("smtp_login_refused", 2, NOW)]


async def test_nothing_waits_where_all_was_taken(database: Database) -> None:
    post = Post(database)
    await post.write(ONE)
    assert await waiting(database) == []
    await post.deliver(ONE)
    assert await waiting(database) == []
