"""A reminder on a quiet day is sent early, on the last open day before."""

from datetime import datetime, timedelta

from activities.inputs import RedeliverInput
from notifications.delivery.early_reminders import reserve_early_reminders
from notifications.delivery.ledger import Waiting
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from programmes.facts import MILEPOST
from storage.database import Database
from storage.sql import tasks
from tests.notifications.delivery.test_passed_dates import MORNING, onboarding
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.fixtures import on_both
from tests.notifications.office import DUE, NOW, Post, calendar, record, task

MONDAY = MORNING - timedelta(days=1)
"""The day before the due date, a Tuesday."""


async def opened(database: Database) -> None:
    step = task("step:agreement", "lead", family="onboarding", opened_at=NOW - timedelta(days=9))
    await Post(database).write(
        record(1, tasks=(step,), kind="onboarding", key="onboarding", stage="open")
    )


async def look(database: Database, now: datetime) -> list[Waiting]:
    async with database.transaction() as session:
        return await reserve_early_reminders(session, now)


async def send(database: Database, now: datetime, *found: Waiting) -> Post:
    post = Post(database, clock=lambda: now)
    for one in found:
        await post.courier.redeliver(RedeliverInput(one.id, one.round, MILEPOST))
    return post


class TestBringForward:
    @on_both
    async def test_the_reminder_of_a_quiet_day_comes_the_day_before_and_only_once(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[DUE.weekday()])
        await opened(database)
        assert await look(database, MONDAY - timedelta(seconds=1)) == []
        [found] = await look(database, MONDAY)
        assert await look(database, MONDAY + timedelta(hours=1)) == [found], "it has not left"
        post = await send(database, MONDAY + timedelta(hours=1), found, found)
        [mail] = await post.mails()
        assert (mail.kind, mail.to_email) == ("onboarding.reminder", "con_lead@example.org")
        assert "is due by Tuesday 19 January 2027" in mail.text
        assert await look(database, MONDAY + timedelta(hours=2)) == []
        # The workflow says it on its day: that is told already.
        today = Post(database, clock=lambda: MORNING)
        again = onboarding()
        fired = record(2, *again.notices, tasks=None, kind="onboarding", key="onboarding")
        assert await today.write(fired) == [0], "nothing is left to deliver"
        assert len(await today.mails()) == 1
        async with database.reading() as session:
            evidence = await read_evidence(session, found.id)
        assert evidence is not None
        assert "was sent early: the recipient has opted out of email" in " ".join(
            explain(evidence).sentences
        )

    async def test_a_recipient_without_quiet_days_is_reminded_on_the_day(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[(DUE.weekday() + 1) % 7])
        await opened(database)
        for hours in range(24):
            assert await look(database, MONDAY + timedelta(hours=hours)) == []

    async def test_a_task_that_was_just_opened_has_no_early_reminder(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[DUE.weekday()])
        step = task("step:agreement", "lead", family="onboarding", opened_at=MONDAY)
        await Post(database).write(
            record(1, tasks=(step,), kind="onboarding", key="onboarding", stage="open")
        )
        assert await look(database, MONDAY + timedelta(hours=1)) == []

    async def test_an_early_reminder_of_a_closed_task_is_withheld(self, database: Database) -> None:
        await choose(database, "con_lead", quiet_weekdays=[DUE.weekday()])
        await opened(database)
        [found] = await look(database, MONDAY)
        async with database.transaction() as session:
            await session.execute(tasks.delete())
        post = await send(database, MONDAY, found)
        assert await post.mails() == []
        assert set((await post.states()).values()) == {("withheld", "done")}

    async def test_the_last_day_may_lie_before_days_off(self, database: Database) -> None:
        await choose(database, "con_lead", quiet_weekdays=[0, DUE.weekday()])
        await opened(database)
        friday = calendar().send_opening((MONDAY - timedelta(days=3)).date())
        [found] = await look(database, friday)
        post = await send(database, friday, found)
        assert len(await post.mails()) == 1
