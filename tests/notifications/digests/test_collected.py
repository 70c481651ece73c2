"""Collected reminders: only those that a summary includes in time, and none is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from activities.inputs import RedeliverInput
from notifications.delivery.preferences import Choices
from notifications.delivery.recipient import in_time_for_summary
from notifications.digests.collected import missed_by_summaries
from notifications.digests.planning import reserve_digests
from notifications.digests.sending import DigestSending
from notifications.senders.mailbox import Mailbox
from programmes.facts import MILEPOST, Record
from programmes.office_hours import DigestTime
from storage.database import Database
from storage.queries.timeline import timeline
from storage.sql import programmes, tasks
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.office import (
    NOW,
    SETTINGS,
    Post,
    calendar,
    definition,
    record,
    reminder,
    source,
    task,
)
from tests.storage.fixtures import database_url as database_url

NEXT_MONDAY = NOW + timedelta(days=7)
KEY = ("research.reminder", "con_lead")
COLLECTED = ("withheld", "in_digest")


def reminded(*, due_in: timedelta, sequence: int = 1, rung: str = "triage/early") -> Record:
    opened = task(owner="lead", due_at=NOW + due_in)
    return record(sequence, reminder(rung, "lead"), tasks=(opened,), data={})


async def collect(database: Database, sent: Record | None = None) -> Post:
    post, sent = Post(database), sent or reminded(due_in=timedelta(days=8))
    await choose(database, "con_lead", reminders="digest")
    await post.write(sent)
    await post.deliver(sent)
    return post


async def summaries(database: Database, at: datetime) -> list[str]:
    """Plan and send a week's; to whom they went."""
    async with database.transaction() as session:
        ids = await reserve_digests(session, definition(), "member", at, at)
    post = DigestSending(database, Mailbox(database, lambda: at), SETTINGS, lambda: at, "a secret")
    for id in ids:
        await post.send(id, None)
    return [one.kind for one in await Post(database).mails() if one.kind == "digest.member"]


async def release(database: Database, now: datetime = NOW) -> list[tuple[str, int]]:
    async with database.reading() as session:
        return [(one.id, one.round) for one in await missed_by_summaries(session, now)]


async def no_summaries_any_more(database: Database) -> None:
    """A newer version of the programme, without any."""
    head, _, rest = source().partition("\ndigests:")
    tail = rest[rest.index("\n\n") :]
    newer = (head + tail).replace("version: 1", "version: 2", 1)
    async with database.transaction() as session:
        row = (await session.execute(programmes.select())).one()._asdict()
        await session.execute(programmes.insert().values(**row | {"version": 2, "source": newer}))


@pytest.mark.parametrize(
    ("now", "comes"),
    [
        (datetime(2027, 1, 11, 9, 29, tzinfo=UTC), datetime(2027, 1, 11, 10, 0, tzinfo=UTC)),
        (datetime(2027, 1, 11, 9, 30, tzinfo=UTC), datetime(2027, 1, 18, 10, 0, tzinfo=UTC)),
        (datetime(2027, 1, 12, 9, 0, tzinfo=UTC), datetime(2027, 1, 18, 10, 0, tzinfo=UTC)),
        # Over the day on which the clocks go forward.
        (datetime(2027, 3, 22, 12, 0, tzinfo=UTC), datetime(2027, 3, 29, 9, 0, tzinfo=UTC)),
    ],
)
def test_the_next_summary_is_the_one_that_has_not_begun(now: datetime, comes: datetime) -> None:
    assert DigestTime(on="monday", at="09:30", within=30).next_after(now, "Europe/London") == comes


class TestWhatIsCollected:
    async def test_a_task_due_before_the_next_summary_has_a_single_email(
        self, database: Database
    ) -> None:
        post = await collect(database, reminded(due_in=timedelta(days=2)))
        assert (await post.states())[KEY] == ("accepted", "")

    def test_a_quiet_day_may_put_the_summary_beyond_the_date(self) -> None:
        def told(due_at: datetime, *quiet: int) -> bool:
            chosen = Choices(reminders="digest", quiet_weekdays=quiet)
            return in_time_for_summary(definition(), "member", chosen, calendar(), due_at, NOW)

        monday_evening = NEXT_MONDAY.replace(hour=17)
        assert told(monday_evening)
        assert not told(NEXT_MONDAY)
        assert not told(monday_evening, 0)
        assert told(monday_evening + timedelta(days=1), 0)

    async def test_the_newest_definition_says_whether_a_summary_comes(
        self, database: Database
    ) -> None:
        await no_summaries_any_more(database)
        post = await collect(database)
        assert (await post.states())[KEY] == ("accepted", "")

    async def test_a_recipient_back_on_single_emails_gets_one_more_summary(
        self, database: Database
    ) -> None:
        await collect(database)
        await choose(database, "con_lead", reminders="single")
        assert await release(database) == []
        assert await summaries(database, NEXT_MONDAY) == ["digest.member"]
        assert len(await summaries(database, NEXT_MONDAY + timedelta(days=7))) == 1


class TestWhatIsLetGo:
    @pytest.mark.parametrize("change", ["unsubscribed", "no summaries", "an earlier date"])
    async def test_a_reminder_that_no_summary_includes_is_sent_once(
        self, database: Database, change: str
    ) -> None:
        post = await collect(database)
        match change:
            case "unsubscribed":
                await choose(database, "con_lead", reminders="digest", digests=False)
            case "no summaries":
                await no_summaries_any_more(database)
            case _:
                async with database.transaction() as session:
                    await session.execute(update(tasks).values(due_at=NOW + timedelta(days=3)))
        [(id, number)] = await release(database)
        for _ in range(2):
            await post.courier.redeliver(RedeliverInput(id, number + 1, MILEPOST))
        assert (await post.states())[KEY] == ("accepted", "")
        assert len(await post.mails()) == 1
        assert await release(database) == []
        async with database.reading() as session:
            rows = (await timeline(session, "eng_1")).rows
        [said] = [row.data for row in rows if row.kind == "notification.resolved"]
        assert said == {"choice": "let_go", "email": KEY[0], "state": "collected"}

    async def test_a_summary_that_did_not_leave_does_not_count(self, database: Database) -> None:
        await collect(database)
        assert len(await release(database, NEXT_MONDAY + timedelta(hours=1))) == 1

    async def test_a_reminder_in_a_summary_is_not_sent_as_well(self, database: Database) -> None:
        await collect(database)
        assert await release(database) == []
        await summaries(database, NEXT_MONDAY)
        assert await release(database, NEXT_MONDAY + timedelta(hours=1)) == []

    async def test_of_two_about_one_task_the_latest_goes(self, database: Database) -> None:
        post = await collect(database)
        again = reminded(due_in=timedelta(days=8), sequence=2, rung="triage/soon")
        await post.write(again)
        await post.deliver(again)
        await no_summaries_any_more(database)
        assert len(await release(database)) == 1

    async def test_a_done_or_overdue_task_has_no_late_reminder(self, database: Database) -> None:
        await collect(database)
        await no_summaries_any_more(database)
        assert await release(database, NOW + timedelta(days=9)) == []
        await Post(database).write(record(2, stage="scope"))
        assert await release(database) == []
