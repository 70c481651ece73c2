"""Which emails are retried, what a crash leaves, and what is never repeated."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.inputs import NOT_YET, DeliverInput
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Transient, Unknown
from programmes.facts import Notice
from storage.database import Database
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.notifications.scripted import Killed, Scripted
from tests.storage.fixtures import database_url as database_url

NEW = Notice("research.new", ("manager",), rung="#1", task="triage", revision=1)
RECEIVED = Notice("research.received", ("member",), rung="#1")
OPENING = record(1, NEW, RECEIVED, tasks=(task(),), data={"request": "txt_request"})
REMIND = record(2, reminder(), tasks=(task(),))


class TestWhatMayBeTriedAgain:
    async def test_only_open_emails_are_retried(self, database: Database) -> None:
        sender = Scripted([None, Transient("sendgrid_429", timedelta(seconds=40)), None])
        post = Post(database, sender)
        await post.write(OPENING)
        with pytest.raises(ApplicationError) as raised:
            await post.deliver(OPENING)
        assert raised.value.type == NOT_YET
        assert not raised.value.non_retryable
        assert raised.value.next_retry_delay == timedelta(seconds=40)
        assert "example.org" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert len(sender.taken) == 2
        await post.deliver(OPENING)
        assert len({email.notification_id for email in sender.taken}) == len(sender.taken) == 3
        assert sorted(await post.outcomes()) == ["accepted"] * 3 + ["transient"]

    async def test_an_email_that_became_outdated_while_waiting_is_withheld(
        self, database: Database
    ) -> None:
        post = Post(database, Scripted([Transient("smtp_unreachable")]))
        await post.write(REMIND)
        with pytest.raises(ApplicationError):
            await post.deliver(REMIND)
        await post.write(record(3, stage="scope"))
        await post.deliver(REMIND)
        assert await post.states() == {("research.reminder", "per_manager"): ("withheld", "done")}

    async def test_an_unknown_result_is_never_retried(self, database: Database) -> None:
        sender = Scripted([Unknown("sendgrid_no_answer")], takes_it=True)
        post = Post(database, sender)
        await post.write(REMIND)
        await post.deliver(REMIND)
        await post.deliver(REMIND)
        assert len(sender.taken) == 1
        assert await post.states() == {
            ("research.reminder", "per_manager"): ("unknown", "sendgrid_no_answer")
        }


class TestACrashBetweenSendingAndMarking:
    async def test_the_mailbox_reports_an_email_that_it_has(self, database: Database) -> None:
        class DiesAfterwards(Mailbox):
            async def send(self, email: Email) -> Accepted:
                await super().send(email)
                raise Killed

        dying = Post(database, DiesAfterwards(database, lambda: NOW))
        await dying.write(REMIND)
        with pytest.raises(Killed):
            await dying.deliver(REMIND)
        # It is done by the time that the next worker comes; the email had left before.
        await dying.write(record(3, stage="scope"))
        again = Post(database)
        await again.deliver(REMIND)
        assert len(await again.mails()) == 1
        assert await again.states() == {("research.reminder", "per_manager"): ("accepted", "")}
        assert await again.outcomes() == ["accepted"]

    async def test_the_mailbox_reports_an_email_that_it_never_got(self, database: Database) -> None:
        dying = Post(database, Scripted([Killed()]))
        await dying.write(REMIND)
        with pytest.raises(Killed):
            await dying.deliver(REMIND)
        again = Post(database)
        await again.deliver(REMIND)
        assert len(await again.mails()) == 1
        assert await again.outcomes() == ["transient", "accepted"]

    async def test_other_senders_leave_it_unknown_and_send_the_rest(
        self, database: Database
    ) -> None:
        sender = Scripted([Killed()], takes_it=True)
        post = Post(database, sender)
        await post.write(OPENING)
        with pytest.raises(Killed):
            await post.deliver(OPENING)
        await post.deliver(OPENING)
        assert len({email.notification_id for email in sender.taken}) == len(sender.taken) == 3
        assert sorted((await post.states()).values()) == [
            ("accepted", ""),
            ("accepted", ""),
            ("unknown", "interrupted"),
        ]

    async def test_a_stopping_worker_finishes_the_email_that_it_is_sending(
        self, database: Database
    ) -> None:
        on_the_wire, answered = asyncio.Event(), asyncio.Event()

        class Slow(Scripted):
            async def send(self, email: Email) -> Accepted:
                on_the_wire.set()
                await answered.wait()
                return await super().send(email)

        post = Post(database, Slow())
        await post.write(REMIND)
        delivering = asyncio.create_task(post.deliver(REMIND))
        await asyncio.wait_for(on_the_wire.wait(), 100)
        delivering.cancel()
        answered.set()
        with pytest.raises(asyncio.CancelledError):
            await delivering
        assert await post.states() == {("research.reminder", "per_manager"): ("accepted", "")}

    async def test_a_stopping_worker_leaves_the_rest_to_others(self, database: Database) -> None:
        post = Post(database)
        await post.write(OPENING)
        environment = ActivityEnvironment()
        environment.worker_shutdown()
        with pytest.raises(ApplicationError, match="3 of 3 emails have to wait: worker_stops"):
            await environment.run(post.courier.deliver, DeliverInput("eng_1", "itm_1", 1))
        await post.deliver(OPENING)
        assert len(await post.mails()) == 3

    async def test_a_worker_that_is_really_killed_leaves_one_email(
        self, database: Database, database_url: str
    ) -> None:
        post = Post(database)
        await post.write(REMIND)
        dead = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.notifications.killed", database_url),
            cwd=Path(__file__).parents[2],
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(dead.communicate(), 200)
        assert dead.returncode == -signal.SIGKILL, said.decode()
        assert [state for state, _ in (await post.states()).values()] == ["claimed"]
        await post.deliver(REMIND)
        assert len(await post.mails()) == 1
        assert await post.states() == {("research.reminder", "per_manager"): ("accepted", "")}
