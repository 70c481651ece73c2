"""What users of other systems suffer, and members of this one must not: one test a complaint.

Complaint 1 is in ``test_recovery``, 4 in ``test_missed_days``, 9 in ``test_without_a_developer``.
Complaint 8, and 4 with several rungs, are in ``tests/durability/test_restarted_server``.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Transient
from programmes.calendar import Blackout, WorkingCalendar
from programmes.holidays import bank_holidays, calendar_for
from programmes.planner import heard_by, plan
from programmes.rules import ItemKind
from programmes.vocabulary import NATIONS, Nation
from storage.database import Database
from tests.databases import migrated_sqlite
from tests.definitions import definition
from tests.servers import time_skipping
from tests.workflows.office import Engaged, engagement_of, open_office, server_clock, skip_to
from tests.workflows.stories import LEAD, MANAGER, calendar_from
from workflows.ids import SEARCH_ATTRIBUTES, scheduled_item_id
from workflows.messages import CompleteStep, MoveDeadline

pytestmark = pytest.mark.time_skipping

ONBOARDING: ItemKind = "onboarding"
LONDON = ZoneInfo("Europe/London")
MONDAY = date(2039, 1, 10)
"""A week after the server's clock begins."""


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    attributes = {one.name: "Keyword" for one in SEARCH_ATTRIBUTES}
    async with time_skipping(attributes) as running:
        yield running


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


def onboarding_of(engaged: Engaged) -> str:
    return scheduled_item_id(engaged.id, ONBOARDING, ONBOARDING)


class Unsteady:
    """A mailbox that refuses for a while, or always for one person: set from outside."""

    name = "unsteady"

    def __init__(self, database: Database) -> None:
        self.mailbox = Mailbox(database, server_clock)
        self.down = False
        self.breaks_for = ""
        self.attempts: list[str] = []

    async def send(self, email: Email) -> Accepted:
        self.attempts.append(email.kind)
        if self.breaks_for and email.to_email == self.breaks_for:
            raise RuntimeError("a sender with a bug")
        if self.down:
            raise Transient("down", timedelta(minutes=1))
        return await self.mailbox.send(email)

    async def recall(self, notification_id: str) -> Accepted | None:
        return await self.mailbox.recall(notification_id)

    async def close(self) -> None:
        await self.mailbox.close()


async def test_complaint_2_one_broken_reminder_stops_no_other(
    skipping: WorkflowEnvironment, url: str
) -> None:
    """civicrm-core#33128: one broken reminder stops every reminder, for ever."""

    def broken_for_the_lead(database: Database) -> Unsteady:
        sender = Unsteady(database)
        sender.breaks_for = "lead@council.example"
        return sender

    async with open_office(skipping.client, url, sender=broken_for_the_lead) as office:
        engaged = await office.start(engagement_of("ENG", MONDAY))
        await skip_to(skipping, await skipping.get_current_time() + timedelta(days=60))
        broken = [r for r in await engaged.rows("notifications") if r["recipient_id"] == LEAD]
        assert len(broken) >= 5, "each of the member's own reminders was tried"
        assert {row["state"] for row in broken} == {"unknown"}
        sent = await office.mails()
        assert [mail.kind for mail in sent] == ["onboarding.escalation"] * len(sent)
        assert len(sent) >= 2, "the manager's went out all the same"
        assert {mail.recipient for mail in sent} == {MANAGER}


async def test_complaint_3_moving_a_date_neither_repeats_nor_swallows_a_reminder(
    skipping: WorkflowEnvironment, url: str
) -> None:
    """civicrm-core#8025, #11239: a moved date sends reminders again; the fix sends too few."""
    async with open_office(skipping.client, url) as office:
        engaged = await office.start(engagement_of("ENG", MONDAY))
        working = calendar_from(MONDAY)
        due = working.add_working_days(MONDAY, 15)
        # The early reminder is out when the date moves by two days, and then by a month.
        await skip_to(skipping, working.send_opening(working.add_working_days(due, -4)))
        for moved_to in (
            working.add_working_days(due, 2),
            working.add_working_days(due, 20),
            working.add_working_days(due, 22),
        ):
            await engaged.item_command(
                ONBOARDING,
                onboarding_of(engaged),
                MoveDeadline(MANAGER, "step:agreement", moved_to),
            )
        await skip_to(skipping, working.send_opening(working.add_working_days(moved_to, 9)))
        reminders = [
            (mail.rung.split("/")[1], mail.at.replace(second=0, microsecond=0))
            for mail in await office.mails()
            if mail.rung.startswith("step:agreement/")
        ]

        def morning(offset: int, day: date) -> datetime:
            return working.send_opening(working.add_working_days(day, offset))

        assert reminders == [
            ("early", morning(-5, due)),
            ("early", morning(-5, moved_to)),
            ("today", morning(0, moved_to)),
            ("late", morning(3, moved_to)),
            ("stuck", morning(7, moved_to)),
        ]


@pytest.mark.parametrize("nation", NATIONS)
async def test_complaint_5_no_mail_at_night_at_weekends_on_bank_holidays_or_in_a_blackout(
    skipping: WorkflowEnvironment, url: str, nation: Nation
) -> None:
    """zammad#4432: mail at midnight, at week-ends, on bank holidays."""
    election = Blackout(MONDAY + timedelta(days=20), MONDAY + timedelta(days=45), "election")
    working: WorkingCalendar = calendar_for(
        definition(),
        nation,
        first=MONDAY - timedelta(days=31),
        last=MONDAY + timedelta(days=1100),
        blackouts=[election],
    )
    async with open_office(skipping.client, url, nation=nation) as office:
        engaged = await office.start(engagement_of(nation, MONDAY, calendar=working))
        # Commands come at night, and on a Sunday.
        sunday = datetime.combine(MONDAY + timedelta(days=6), datetime.min.time(), UTC)
        await skip_to(skipping, sunday + timedelta(hours=3))
        await engaged.item_command(
            ONBOARDING, onboarding_of(engaged), CompleteStep(LEAD, "contacts")
        )
        await skip_to(skipping, sunday + timedelta(days=150))
        sent = await office.mails()
        assert len(sent) >= 8
        assert {mail.recipient for mail in sent} >= {LEAD, MANAGER}
        for mail in sent:
            assert working.next_send_instant(mail.at) == mail.at or mail.recipient == MANAGER
            day = working.local_date(mail.at)
            assert not election.first <= day <= election.last
            keeps: Nation = "ENG" if mail.recipient == MANAGER else nation
            assert day.weekday() < 5, f"{mail.kind} at {mail.at}"
            assert day not in bank_holidays(keeps, day, day), f"{mail.kind} at {mail.at}"
            assert "09:00" <= f"{mail.at.astimezone(LONDON):%H:%M}" <= "16:30"


@pytest.mark.parametrize("nation", NATIONS)
def test_complaint_5_the_office_hears_on_its_own_working_days_whenever_a_member_starts(
    nation: Nation,
) -> None:
    """zammad#4432: the recipient's own days off count, not those of the member concerned."""
    first = date(2026, 1, 1)
    last = first + timedelta(days=1100)
    off = {keeps: {*bank_holidays(keeps, first, last)} for keeps in NATIONS}
    working = calendar_for(definition(), nation, first=first, last=last)
    theirs = calendar_for(definition(), "ENG", first=first, last=last)
    told = set()
    for count in range(365):
        planned = plan(definition().rules(), first + timedelta(days=count), working)
        for deadline in (one for item in planned.items for one in item.deadlines):
            for rung in deadline.rungs:
                to = heard_by(rung.to, deadline.owner)
                told |= {*to}
                day = working.local_date(rung.at)
                office = not {"lead", "member"} & {*to}
                keeps: Nation = "ENG" if office else nation
                assert day not in off[keeps], f"{to} would hear on {day}"
                assert (theirs if office else working).next_send_instant(rung.at) == rung.at
    assert told >= {"lead", "manager", "adviser"}


async def test_complaint_5_mail_that_could_not_leave_by_day_does_not_leave_by_night(
    skipping: WorkflowEnvironment, url: str
) -> None:
    """zammad#4432, by way of a retry: the mail server comes back in the evening."""
    senders: list[Unsteady] = []

    def unsteady(database: Database) -> Unsteady:
        senders.append(Unsteady(database))
        return senders[0]

    async with open_office(skipping.client, url, sender=unsteady) as office:
        [sender] = senders
        engaged = await office.start(engagement_of("ENG", MONDAY))
        afternoon = datetime.combine(MONDAY, datetime.min.time(), UTC) + timedelta(hours=15)
        await skip_to(skipping, afternoon)
        sender.down = True
        await engaged.item_command(
            ONBOARDING, onboarding_of(engaged), CompleteStep(LEAD, "contacts")
        )
        await skip_to(skipping, afternoon + timedelta(hours=8))
        assert "onboarding.step_ready" in sender.attempts
        sender.down = False
        await skip_to(skipping, afternoon + timedelta(hours=24))
        [ready] = [mail for mail in await office.mails() if mail.kind == "onboarding.step_ready"]
        assert calendar_from(MONDAY).next_send_instant(ready.at) == ready.at
        assert ready.at.date() == MONDAY + timedelta(days=1)


async def test_complaint_6_a_reminder_for_what_is_done_is_withheld_and_says_why(
    skipping: WorkflowEnvironment, url: str
) -> None:
    """zammad#3329, #5051: a stale reminder goes out after the thing was done."""
    senders: list[Unsteady] = []

    def unsteady(database: Database) -> Unsteady:
        senders.append(Unsteady(database))
        return senders[0]

    async with open_office(skipping.client, url, sender=unsteady) as office:
        [sender] = senders
        engaged = await office.start(engagement_of("ENG", MONDAY))
        working = calendar_from(MONDAY)
        early = working.send_opening(working.add_working_days(MONDAY, 3))
        await skip_to(skipping, early - timedelta(hours=1))
        sender.down = True
        before = len(sender.attempts)
        await skip_to(skipping, early + timedelta(seconds=5))
        assert sender.attempts[before:], "the mail server was asked, and was down"
        # While it is down, the member does what the reminder is about.
        await engaged.item_command(
            ONBOARDING, onboarding_of(engaged), CompleteStep(LEAD, "contacts")
        )
        sender.down = False
        await skip_to(skipping, early + timedelta(hours=3))
        [row] = [
            row
            for row in await engaged.rows("notifications")
            if row["rung"] == "step:contacts/early"
        ]
        assert (row["state"], row["reason"]) == ("withheld", "done")
        assert "onboarding.reminder" not in [mail.kind for mail in await office.mails()]


async def test_complaint_10_every_reminder_is_on_the_record_of_its_case(
    skipping: WorkflowEnvironment, url: str
) -> None:
    """civicrm-core#30327: the reminder is not on the case's record."""
    async with open_office(skipping.client, url) as office:
        engaged = await office.start(engagement_of("ENG", MONDAY))
        await skip_to(skipping, await skipping.get_current_time() + timedelta(days=60))
        sent = [mail for mail in await office.mails() if "/" in mail.rung]
        fired = [
            f"{event['data']['task']}/{event['data']['rung']}"  # type: ignore[index]
            for event in await engaged.rows("events")
            if event["kind"] == "rung.fired"
        ]
        assert len(sent) >= 7
        assert sorted(mail.rung for mail in sent) == sorted(fired)
        ledger = {row["rung"]: row["state"] for row in await engaged.rows("notifications")}
        assert all(ledger[mail.rung] == "accepted" for mail in sent)
