"""A reminder never announces a passed date, and its recipient still gets an email."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from notifications.sentences import reason_sentence
from programmes.facts import Notice, Record
from storage.database import Database
from storage.sql import notifications, programmes, tasks
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.office import DUE, Post, calendar, record, source, task

MORNING = calendar().send_opening(DUE.date())
NEXT_MORNING = MORNING + timedelta(days=1)
AFTER = DUE + timedelta(seconds=1)


def onboarding(*to: str) -> Record:
    """The reminder of the due day; three working days later its owner gets an overdue email."""
    notice = Notice(
        "onboarding.reminder",
        to or ("lead",),
        rung="step:agreement/today",
        task="step:agreement",
        revision=1,
    )
    return record(
        1,
        notice,
        tasks=(task("step:agreement", "lead", family="onboarding"),),
        kind="onboarding",
        key="onboarding",
        stage="open",
    )


async def explained(database: Database, recipient: str = "con_lead") -> str:
    async with database.reading() as session:
        query = notifications.select().where(notifications.c.recipient_id == recipient)
        evidence = await read_evidence(session, (await session.execute(query)).one().id)
    assert evidence is not None
    return " ".join(explain(evidence).sentences)


async def sent_at(database: Database, now: datetime, of: Record) -> Post:
    post = Post(database, clock=lambda: now)
    await post.write(of)
    await post.deliver(of)
    return post


class TestAReminder:
    async def test_is_unchanged_until_the_date(self, database: Database) -> None:
        post = await sent_at(database, MORNING, onboarding())
        [mail] = await post.mails()
        assert mail.kind == "onboarding.reminder"

    async def test_after_its_date_is_left_to_the_overdue_email(self, database: Database) -> None:
        post = await sent_at(database, NEXT_MORNING, onboarding())
        assert await post.mails() == []
        assert set((await post.states()).values()) == {("withheld", "date_passed")}
        assert reason_sentence("date_passed") in await explained(database)
        assert reason_sentence("date_passed", "cy") != reason_sentence("date_passed")

    async def test_becomes_an_overdue_email_if_no_other_says_so(self, database: Database) -> None:
        # The ladder emails only the owner once it is overdue, and not the recipient of a copy.
        post = await sent_at(database, NEXT_MORNING, onboarding("lead", "con_second"))
        [mail] = await post.mails()
        assert (mail.kind, mail.to_email) == ("onboarding.overdue", "con_second@example.org")
        assert mail.subject.startswith("Overdue: ")
        assert "was due by Tuesday 19 January 2027" in mail.text
        said = await explained(database, "con_second")
        assert "could not leave before the date, so it was sent as 'Overdue'" in said
        assert "from the template 'onboarding.overdue'" in said

    async def test_becomes_an_overdue_email_if_the_programme_is_unreadable(
        self, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(update(programmes).values(source="nothing: at all"))
        post = await sent_at(database, NEXT_MORNING, onboarding())
        assert [mail.kind for mail in await post.mails()] == ["onboarding.overdue"]

    async def test_of_a_ladder_without_an_overdue_rung_becomes_one(
        self, database: Database
    ) -> None:
        mild = source().replace(
            "      - { id: early, at: -3wd, to: [owner], says: reminder }\n"
            "      - { id: late, at: 2wd, to: [owner], says: overdue }\n"
            "    ends: 5wd",
            "      - { id: early, at: -3wd, to: [owner], says: reminder }\n    ends: 5wd",
        )
        assert mild != source()
        async with database.transaction() as session:
            await session.execute(update(programmes).values(source=mild))
        notice = Notice(
            "research.reminder", ("lead",), rung="acceptance/early", task="acceptance", revision=1
        )
        post = await sent_at(
            database, NEXT_MORNING, record(1, notice, tasks=(task("acceptance", "lead"),))
        )
        assert [mail.kind for mail in await post.mails()] == ["research.overdue"]

    async def test_that_waits_over_a_quiet_due_day_is_not_sent_as_a_reminder(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[DUE.weekday()])
        post = Post(database, clock=lambda: MORNING)
        await post.write(onboarding())
        with pytest.raises(ApplicationError, match="quiet_day"):
            await post.deliver(onboarding())
        await Post(database, post.sender, lambda: NEXT_MORNING).deliver(onboarding())
        assert set((await post.states()).values()) == {("withheld", "date_passed")}

    async def test_of_a_task_done_meanwhile_is_withheld_as_done(self, database: Database) -> None:
        post = Post(database, clock=lambda: NEXT_MORNING)
        await post.write(onboarding())
        async with database.transaction() as session:
            await session.execute(tasks.delete())
        await post.deliver(onboarding())
        assert set((await post.states()).values()) == {("withheld", "done")}

    async def test_collected_is_no_exception(self, database: Database) -> None:
        await choose(database, "con_second", reminders="digest")
        post = await sent_at(database, NEXT_MORNING, onboarding("con_second"))
        assert [mail.kind for mail in await post.mails()] == ["onboarding.overdue"]
