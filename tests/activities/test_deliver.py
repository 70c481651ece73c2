"""Which emails are delivered or withheld, and what the ledger says."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.inputs import DeliverInput
from notifications.delivery import dispatch
from notifications.senders.protocol import Permanent, Transient
from programmes.facts import Notice
from storage.database import Database
from storage.queries.timeline import timeline
from storage.queries.troubles import list_troubles
from storage.sql import contacts, notifications, people
from tests.databases import count_statements
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import NOW, SETTINGS, Post, closing, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

NEW = Notice("research.new", ("manager",), rung="#1", task="triage", revision=1)
RECEIVED = Notice("research.received", ("member",), rung="#1")
OPENING = record(1, NEW, RECEIVED, tasks=(task(),), data={"request": "txt_request"})
REMIND = record(2, reminder(), tasks=(task(),))


def attempt(began: timedelta) -> ActivityEnvironment:
    """An attempt of an activity that was scheduled so long ago."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, scheduled_time=NOW - began)
    return environment


class TestDeliver:
    async def test_each_recipient_gets_one_email(self, database: Database) -> None:
        post = Post(database)
        assert await post.write(OPENING) == [3]
        await post.deliver(OPENING)
        mails = await post.mails()
        assert {(mail.kind, mail.to_email) for mail in mails} == {
            ("research.new", "per_manager@example.org"),
            ("research.received", "con_lead@example.org"),
            ("research.received", "con_second@example.org"),
        }
        assert all(mail.from_email == SETTINGS.mail_from for mail in mails)
        assert set((await post.states()).values()) == {("accepted", "")}

    async def test_a_repeated_attempt_sends_nothing_again(self, database: Database) -> None:
        post = Post(database)
        await post.write(OPENING, OPENING)
        for _ in range(3):
            await post.deliver(OPENING)
        assert len(await post.mails()) == 3
        assert await post.outcomes() == ["accepted"] * 3

    async def test_a_record_without_notices_needs_no_delivery(self, database: Database) -> None:
        post = Post(database)
        quiet = record(1, tasks=(task(),))
        assert await post.write(quiet) == [0]
        await post.deliver(quiet)
        assert await post.mails() == []

    async def test_remind_writes_the_record_and_sends_it(self, database: Database) -> None:
        post = Post(database)
        await post.write(OPENING)
        await post.courier.remind(REMIND)
        await post.courier.remind(REMIND)
        assert [mail.kind for mail in await post.mails()] == ["research.reminder"]

    async def test_it_beats_once_an_email_so_that_a_silent_worker_is_noticed(
        self, database: Database
    ) -> None:
        post = Post(database)
        await post.write(OPENING)
        beats: list[object] = []
        environment = ActivityEnvironment()
        environment.on_heartbeat = lambda *details: beats.append(details)
        await environment.run(post.courier.deliver, DeliverInput("eng_1", "itm_1", 1))
        assert len(beats) == 3

    @pytest.mark.parametrize(
        ("began", "states"),
        [
            (timedelta(days=6), {("claimed", ""), ("accepted", "")}),
            (timedelta(days=7), {("failed", "smtp_greeting_421"), ("accepted", "")}),
        ],
    )
    async def test_an_email_that_is_refused_for_a_week_becomes_a_task(
        self, database: Database, began: timedelta, states: set[tuple[str, str]]
    ) -> None:
        """It would keep its engagement from completing for ever. The others have left."""
        refusal = Transient("smtp_greeting_421")
        post = Post(database, Scripted([refusal]), clock=lambda: NOW - began)
        await post.write(OPENING)
        with pytest.raises(ApplicationError):
            await post.deliver(OPENING)
        again = Post(database, Scripted([refusal]))
        delivering = attempt(began).run(again.courier.deliver, DeliverInput("eng_1", "itm_1", 1))
        if ("claimed", "") in states:
            with pytest.raises(ApplicationError):
                await delivering
        else:
            await delivering
        assert set((await again.states()).values()) == states
        async with database.reading() as session:
            page = await list_troubles(session, NOW, timedelta(hours=2))
        assert {row.state for row in page.rows} == {state for state, _ in states} - {"accepted"}

    async def test_a_broken_row_is_given_up_after_a_week_too(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post = Post(database)
        await post.write(OPENING)

        async def broken(*_: object) -> object:
            raise RuntimeError("a row that no attempt can read")

        monkeypatch.setattr(dispatch, "check_message", broken)
        of = DeliverInput("eng_1", "itm_1", 1)
        with pytest.raises(ApplicationError):
            await attempt(timedelta(days=6)).run(post.courier.deliver, of)
        await attempt(timedelta(days=8)).run(post.courier.deliver, of)
        assert set((await post.states()).values()) == {("failed", "trouble")}

    async def test_a_quiet_week_is_no_refusal(self, database: Database) -> None:
        """A recipient without email on most days waits, and is tried once their day has come."""
        post = Post(database, Scripted([Transient("smtp_greeting_421")] * 3))
        await post.write(OPENING)
        with pytest.raises(ApplicationError):
            await attempt(timedelta(days=8)).run(
                post.courier.deliver, DeliverInput("eng_1", "itm_1", 1)
            )
        assert set((await post.states()).values()) == {("claimed", "")}

    async def test_its_statements_do_not_grow_with_the_engagement(self, database: Database) -> None:
        post = Post(database)
        await post.write(record(1, reminder(), tasks=(task(),)))
        with count_statements(database) as seen:
            await post.deliver(OPENING)
        # The list, five for the scene, one mail, two to mark. Ten look, heed the recipient's
        # choices and what they were told for others, choose the words and claim.
        assert len(seen) <= 19


class TestComplaint2OneBrokenReminderStopsEveryReminder:
    async def test_one_broken_reminder_does_not_stop_the_others(self, database: Database) -> None:
        broken = Notice("engagement.nonsense", ("lead",))
        without_task = Notice("research.reminder", ("lead",), rung="x", task="triage", revision=1)
        post = Post(database)
        both = record(1, broken, without_task, reminder(), tasks=(task(),))
        await post.write(both)
        with capture_logs() as logs:
            await post.deliver(both)
        states = await post.states()
        assert states["engagement.nonsense", "con_lead"] == ("failed", "unknown_kind")
        assert states["research.reminder", "per_manager"] == ("accepted", "")
        assert [entry["event"] for entry in logs] == ["unknown_kind"]

    async def test_an_email_that_cannot_be_written_fails_alone_and_says_so_without_names(
        self, database: Database
    ) -> None:
        # Its builder stumbles over a date that is none, and quotes it in its error.
        broken = Notice("advice.dates_proposed", ("lead",), task="triage")
        post = Post(database)
        both = record(1, broken, NEW, tasks=(task(),), data={"date:Lena Price": "tomorrow"})
        await post.write(both)
        with capture_logs() as logs:
            await post.deliver(both)
        states = await post.states()
        assert states["advice.dates_proposed", "con_lead"] == ("failed", "rendering")
        assert states["research.new", "per_manager"] == ("accepted", "")
        assert [entry["error"] for entry in logs if "error" in entry] == ["ValueError"]
        assert "Lena" not in json.dumps(logs)

    async def test_an_address_refused_for_good_fails_alone(self, database: Database) -> None:
        post = Post(database, Scripted([Permanent("smtp_550")]))
        await post.write(OPENING)
        await post.deliver(OPENING)
        assert sorted((await post.states()).values()) == [
            ("accepted", ""),
            ("accepted", ""),
            ("failed", "smtp_550"),
        ]

    async def test_a_sender_that_fails_leaves_one_email_unknown(self, database: Database) -> None:
        sender = Scripted([RuntimeError("Lena Price")])
        post = Post(database, sender)
        await post.write(OPENING)
        with capture_logs() as logs:
            await post.deliver(OPENING)
        assert sorted((await post.states()).values()) == [
            ("accepted", ""),
            ("accepted", ""),
            ("unknown", "sender_broke"),
        ]
        assert "Lena" not in json.dumps(logs)

    async def test_a_broken_row_does_not_stop_the_others(self, database: Database) -> None:
        post = Post(database)
        await post.write(OPENING)
        async with database.transaction() as session:
            # Claimed, with no attempt that could have claimed it.
            await session.execute(
                update(notifications)
                .where(notifications.c.recipient_id == "con_lead")
                .values(state="claimed")
            )
        await post.deliver(OPENING)
        assert {state for state, _ in (await post.states()).values()} == {"accepted"}


class TestComplaint6AStaleReminderGoesOut:
    async def test_a_reminder_of_something_done_is_withheld(self, database: Database) -> None:
        post = Post(database)
        await post.write(REMIND, record(3, stage="scope", tasks=(task("scope"),)))
        await post.deliver(REMIND)
        assert await post.mails() == []
        assert await post.states() == {("research.reminder", "per_manager"): ("withheld", "done")}

    async def test_a_reminder_of_a_moved_date_is_withheld(self, database: Database) -> None:
        post = Post(database)
        await post.write(REMIND, record(3, tasks=(task(revision=2),)))
        await post.deliver(REMIND)
        assert await post.states() == {("research.reminder", "per_manager"): ("withheld", "moved")}

    @pytest.mark.parametrize("stage", ["withdrawn", "completed"])
    async def test_nothing_is_asked_after_the_end_of_the_engagement(
        self, database: Database, stage: str
    ) -> None:
        post = Post(database)
        await post.write(REMIND, closing(1, stage))
        await post.deliver(REMIND)
        assert await post.states() == {
            ("research.reminder", "per_manager"): ("withheld", "engagement_closed")
        }

    async def test_the_emails_that_close_an_engagement_are_sent(self, database: Database) -> None:
        post = Post(database)
        last = closing(1, "withdrawn", Notice("engagement.withdrawn", ("lead", "team")))
        await post.write(last)
        await post.deliver(last)
        assert len(await post.mails()) == 3

    async def test_a_milestone_email_that_waited_for_the_morning_survives_the_completion(
        self, database: Database
    ) -> None:
        post = Post(database)
        signed = record(
            1,
            Notice("review.signed_off", ("lead",)),
            kind="review",
            key="three-month",
            stage="closed",
        )
        await post.write(signed, closing(1, "completed"))
        await post.deliver(signed)
        assert [mail.kind for mail in await post.mails()] == ["review.signed_off"]

    async def test_a_recipient_who_left_gets_no_email(self, database: Database) -> None:
        post = Post(database)
        await post.write(REMIND)
        async with database.transaction() as session:
            await session.execute(
                update(people).where(people.c.id == "per_manager").values(active=False)
            )
        await post.deliver(REMIND)
        assert await post.states() == {
            ("research.reminder", "per_manager"): ("withheld", "no_recipient")
        }

    async def test_the_address_is_the_one_of_today(self, database: Database) -> None:
        post = Post(database)
        await post.write(OPENING)
        async with database.transaction() as session:
            await session.execute(
                update(contacts).where(contacts.c.id == "con_lead").values(email="new@example.org")
            )
        await post.deliver(OPENING)
        assert "new@example.org" in {mail.to_email for mail in await post.mails()}

    async def test_a_date_that_is_no_longer_chosen_is_not_confirmed(
        self, database: Database
    ) -> None:
        confirmed = record(
            1,
            Notice("advice.confirmed", ("lead",)),
            kind="advice",
            stage="session",
            data={"session": "2027-02-01T10:00:00+00:00"},
        )
        called_off = record(2, kind="advice", stage="propose")
        post = Post(database)
        await post.write(confirmed, called_off)
        await post.deliver(confirmed)
        assert await post.states() == {
            ("advice.confirmed", "con_lead"): ("withheld", "session_called_off")
        }


class TestComplaint10TheReminderIsNotOnTheRecord:
    async def test_each_email_is_on_the_timeline_with_what_became_of_it(
        self, database: Database
    ) -> None:
        post = Post(database)
        late = record(3, reminder("triage/late"), tasks=(task(),))
        await post.write(OPENING, REMIND, late)
        await post.deliver(REMIND)
        await post.write(record(4, stage="scope", tasks=()))
        await post.deliver(late)
        async with database.reading() as session:
            page = await timeline(session, "eng_1")
        reminders = {
            row.rung: (row.who and row.who.id, row.state, row.reason)
            for row in page.rows
            if row.kind == "research.reminder"
        }
        assert reminders == {
            "triage/early": ("per_manager", "accepted", ""),
            "triage/late": ("per_manager", "withheld", "done"),
        }

    async def test_a_notice_without_a_recipient_is_on_it_too(self, database: Database) -> None:
        post = Post(database)
        assert await post.write(record(1, Notice("research.received", ("con_gone",)))) == [0]
        assert await post.states() == {
            ("research.received", "nobody"): ("withheld", "no_recipient")
        }
