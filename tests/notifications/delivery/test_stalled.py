"""A stalled email is listed, and a user's decision sends it once or never."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.inputs import RedeliverInput
from notifications.delivery.resolving import NotPossible, UserDecision, settle
from notifications.senders.protocol import Transient
from storage.database import Database
from storage.queries.notifications import show_notification
from storage.queries.troubles import NEVER_LEFT_AFTER, list_troubles, reason_of
from storage.sql import deliveries, notifications
from tests.notifications.delivery.test_recipient import TODAY, choose
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.notifications.scripted import Killed, Scripted
from tests.storage.fixtures import database_url as database_url

REMIND = record(1, reminder(), tasks=(task(),))
KEY = ("research.reminder", "per_manager")
LONG_AGO = NOW - NEVER_LEFT_AFTER
BY = UserDecision("per_manager")


async def abandoned(database: Database, sender: Scripted | None = None) -> tuple[Post, str]:
    """An email whose courier was ended by hand long ago; and its id."""
    post = Post(database, sender or Scripted())
    await post.write(REMIND)
    return post, await since(database, LONG_AGO)


async def since(database: Database, at: datetime, **values: Any) -> str:
    async with database.transaction() as session:
        await session.execute(update(notifications).values(changed_at=at, **values))
        return str((await session.execute(select(notifications.c.id))).scalar_one())


async def cut_off(database: Database) -> tuple[Post, str, Scripted]:
    """The same after an attempt that may have handed it over."""
    sender = Scripted([Killed()], takes_it=True)
    post, id = await abandoned(database, sender)
    with pytest.raises(Killed):
        await post.deliver(REMIND)
    await since(database, LONG_AGO)
    return post, id, sender


async def troubles(database: Database, now: datetime = NOW) -> list[tuple[str, str]]:
    async with database.reading() as session:
        page = await list_troubles(session, now, timedelta(hours=2))
        for row in page.rows:
            detail = await show_notification(session, row.id)
            assert detail is not None
            assert reason_of(detail.row, now) == row.reason
    return [(row.state, row.reason) for row in page.rows]


async def dismiss(database: Database, id: str) -> None:
    async with database.transaction() as session:
        await settle(session, id, "dismiss", BY, NOW)


class TestItIsSeen:
    async def test_an_email_still_reserved_after_two_days_is_trouble(
        self, database: Database
    ) -> None:
        await abandoned(database)
        assert await troubles(database, NOW - timedelta(seconds=1)) == []
        assert await troubles(database) == [("reserved", "never_left")]

    async def test_so_is_a_claimed_email_without_a_running_attempt(
        self, database: Database
    ) -> None:
        await cut_off(database)
        assert await troubles(database) == [("claimed", "never_left")]

    @pytest.mark.parametrize("column", ["not_before", "waits_until"])
    async def test_a_waiting_email_is_trouble_two_days_after_its_wait(
        self, database: Database, column: str
    ) -> None:
        await abandoned(database)
        await since(database, LONG_AGO, **{column: NOW})
        assert await troubles(database) == []
        assert await troubles(database, NOW + NEVER_LEFT_AFTER) == [("reserved", "never_left")]

    async def test_the_ledger_notes_until_when_an_email_waits_and_why(
        self, database: Database
    ) -> None:
        await choose(database, "per_manager", quiet_weekdays=[TODAY.weekday()])
        post, _ = await abandoned(database)
        with pytest.raises(ApplicationError, match="quiet_day"):
            await post.deliver(REMIND)
        async with database.reading() as session:
            row = (await session.execute(notifications.select())).one()
        assert (row.state, row.reason, row.waits_until > NOW) == ("reserved", "quiet_day", True)
        assert await troubles(database) == []

    async def test_an_email_that_is_being_retried_is_no_trouble_yet(
        self, database: Database
    ) -> None:
        post, _ = await abandoned(database, Scripted([Transient("smtp_unreachable")]))
        with pytest.raises(ApplicationError, match="smtp_unreachable"):
            await post.deliver(REMIND)
        assert await troubles(database) == []


class TestSendItNow:
    async def test_it_goes_out_once_however_often_it_is_tried(self, database: Database) -> None:
        sender = Scripted()
        post, id = await abandoned(database, sender)
        for _ in range(3):
            await post.courier.redeliver(RedeliverInput(id, 1, "per_manager"))
        await post.deliver(REMIND)
        assert len(sender.taken) == 1
        assert await post.states() == {KEY: ("accepted", "")}

    async def test_an_email_that_may_have_been_sent_is_not_sent_blindly(
        self, database: Database
    ) -> None:
        post, id, sender = await cut_off(database)
        await post.courier.redeliver(RedeliverInput(id, 1, "per_manager"))
        assert len(sender.taken) == 1
        assert await post.states() == {KEY: ("unknown", "interrupted")}

    async def test_an_email_that_an_attempt_has_claimed_meanwhile_is_left_to_it(
        self, database: Database
    ) -> None:
        post, id = await abandoned(database)
        await since(database, NOW)
        await post.courier.redeliver(RedeliverInput(id, 1, "per_manager"))
        assert await post.states() == {KEY: ("reserved", "")}


class TestLeaveIt:
    async def test_it_is_never_sent_after_that(self, database: Database) -> None:
        sender = Scripted()
        post, id = await abandoned(database, sender)
        await dismiss(database, id)
        await post.deliver(REMIND)
        assert sender.taken == []
        assert await post.states() == {KEY: ("withheld", "left_unsent")}
        assert await troubles(database) == []

    async def test_a_dismissed_email_that_may_have_been_sent_is_unknown(
        self, database: Database
    ) -> None:
        post, id, sender = await cut_off(database)
        await dismiss(database, id)
        await post.deliver(REMIND)
        assert len(sender.taken) == 1
        assert await post.states() == {KEY: ("unknown", "interrupted")}
        assert await troubles(database, NOW + timedelta(days=9)) == []
        async with database.reading() as session:
            outcomes = (await session.execute(select(deliveries.c.outcome))).scalars().all()
        assert outcomes == ["unknown"]

    async def test_an_email_that_will_leave_by_itself_cannot_be_dismissed(
        self, database: Database
    ) -> None:
        _, id = await abandoned(database)
        await since(database, NOW)
        with pytest.raises(NotPossible):
            await dismiss(database, id)
