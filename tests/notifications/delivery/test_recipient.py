"""Recipients' choices apply just before an email leaves."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from notifications.delivery.preferences import Choices
from notifications.delivery.recipient import wait_for_a_day
from programmes.facts import Notice, Record
from storage.database import Database
from storage.master.checks import NewChoices
from storage.master.choices import set_choices
from storage.master.suppressions import suppress
from storage.sql import contacts, notifications
from tests.notifications.office import NOW, Post, calendar, record, reminder, task

TODAY = NOW.date()
RECEIVED = Notice("research.received", ("member",), rung="#1")
TO_LEAD = reminder("triage/early", "lead")


def opening(*notices: Notice) -> Record:
    return record(1, *notices, tasks=(task(),), data={"request": "txt_request"})


async def choose(database: Database, holder: str, **values: Any) -> None:
    async with database.transaction() as session:
        await set_choices(session, holder, NOW, holder, NewChoices(**values))


async def row_of(database: Database, recipient: str) -> Any:
    async with database.reading() as session:
        found = await session.execute(
            notifications.select().where(notifications.c.recipient_id == recipient)
        )
        return found.one()


def away(delegate: str, **values: Any) -> dict[str, Any]:
    return {
        "absent_from": TODAY,
        "absent_until": TODAY + timedelta(days=7),
        "delegate_id": delegate,
        **values,
    }


class TestReminders:
    async def test_a_collected_reminder_is_not_sent_as_a_single_email(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", reminders="digest")
        post, sent = Post(database), opening(TO_LEAD)
        await post.write(sent)
        await post.deliver(sent)
        assert await post.states() == {("research.reminder", "con_lead"): ("withheld", "in_digest")}

    @pytest.mark.parametrize("kind", ["research.overdue", "research.escalation"])
    async def test_an_overdue_email_is_never_collected(self, database: Database, kind: str) -> None:
        await choose(database, "con_lead", reminders="digest", digests=False)
        late = Notice(kind, ("lead",), rung="triage/late", task="triage", revision=1)
        post, sent = Post(database), opening(late, RECEIVED)
        await post.write(sent)
        await post.deliver(sent)
        assert {state for state, _ in (await post.states()).values()} == {"accepted"}


class TestAbsence:
    async def test_the_delegate_gets_it_and_the_ledger_names_both(self, database: Database) -> None:
        await choose(database, "con_lead", **away("con_second"))
        post, sent = Post(database), opening(TO_LEAD)
        await post.write(sent)
        await post.deliver(sent)
        [mail] = await post.mails()
        assert mail.to_email == "con_second@example.org"
        assert "You cover for Lena Price, who is away." in mail.text
        row = await row_of(database, "con_lead")
        assert (row.state, row.told_id) == ("accepted", "con_second")

    async def test_a_delegate_who_gets_the_same_email_anyway_gets_it_once(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", **away("con_second"))
        post, sent = Post(database), opening(RECEIVED)
        await post.write(sent)
        await post.deliver(sent)
        assert [mail.to_email for mail in await post.mails()] == ["con_second@example.org"]
        assert (await post.states())["research.received", "con_lead"] == (
            "withheld",
            "delegate_told",
        )

    async def test_the_recipient_gets_it_if_the_delegate_has_left(self, database: Database) -> None:
        await choose(database, "con_lead", **away("con_second"))
        async with database.transaction() as session:
            await session.execute(
                contacts.update().where(contacts.c.id == "con_second").values(active=False)
            )
        post, sent = Post(database), opening(TO_LEAD)
        await post.write(sent)
        await post.deliver(sent)
        assert [mail.to_email for mail in await post.mails()] == ["con_lead@example.org"]

    async def test_an_absence_that_is_over_changes_nothing(self, database: Database) -> None:
        past = away("con_second", absent_from=TODAY - timedelta(days=9))
        await choose(database, "con_lead", **{**past, "absent_until": TODAY - timedelta(days=1)})
        post, sent = Post(database), opening(TO_LEAD)
        await post.write(sent)
        await post.deliver(sent)
        assert [mail.to_email for mail in await post.mails()] == ["con_lead@example.org"]


class TestQuietDays:
    async def test_an_email_waits_for_the_recipients_next_day_and_the_others_go_out(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[TODAY.weekday()])
        post, sent = Post(database), opening(RECEIVED)
        await post.write(sent)
        with pytest.raises(ApplicationError, match="1 of 2 emails have to wait: quiet_day") as held:
            await post.deliver(sent)
        tomorrow = calendar().send_opening(TODAY + timedelta(days=1))
        assert held.value.next_retry_delay == tomorrow - NOW
        assert [mail.to_email for mail in await post.mails()] == ["con_second@example.org"]
        assert (await post.states())["research.received", "con_lead"] == ("reserved", "quiet_day")

    def test_the_next_day_is_a_working_day_that_is_not_quiet(self) -> None:
        friday = datetime(2027, 1, 15, 10, 0, tzinfo=NOW.tzinfo)
        quiet = Choices(quiet_weekdays=(4, 0))
        waits = wait_for_a_day(quiet, calendar(), friday)
        assert waits is not None
        assert calendar().local_date(friday + waits) == date(2027, 1, 19)

    def test_quiet_days_that_leave_no_working_day_are_ignored(self) -> None:
        assert wait_for_a_day(Choices(quiet_weekdays=(0, 1, 2, 3, 4)), calendar(), NOW) is None

    def test_an_open_day_has_no_wait(self) -> None:
        assert wait_for_a_day(Choices(quiet_weekdays=(4,)), calendar(), NOW) is None


class TestSuppressed:
    async def test_nothing_is_sent_to_an_address_that_bounced(self, database: Database) -> None:
        async with database.transaction() as session:
            await suppress(session, NOW, "Con_Lead@example.org", reason="bounced")
        post, sent = Post(database), opening(RECEIVED)
        await post.write(sent)
        await post.deliver(sent)
        assert (await post.states())["research.received", "con_lead"] == ("withheld", "suppressed")
        assert [mail.to_email for mail in await post.mails()] == ["con_second@example.org"]
