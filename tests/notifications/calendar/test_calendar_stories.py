"""Calendars that follow their emails show the right dates in the end, whatever happens."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import delete, insert, select, update

from notifications.senders.protocol import Transient
from programmes.facts import Record
from storage.database import Database
from storage.sql import calendar_parts, choices, contacts, items, notifications
from storage.tables import MailboxMessage
from tests.notifications.fixtures import on_both
from tests.notifications.office import NOW, Post
from tests.workflows.processes.drive import give
from tests.workflows.stories import item_input, rules
from workflows import messages as m
from workflows.processes.advice_cycle import AdviceCycleProcess
from workflows.processes.process import Process
from workflows.processes.review_milestone import ReviewMilestoneProcess

LEAD, SECOND, ADVISER, MANAGER = "con_lead", "con_second", "per_adviser", "per_manager"
SESSION = datetime(2027, 2, 10, 10, tzinfo=UTC)
LATER = SESSION + timedelta(days=7)
DUE = datetime(2027, 3, 1, 17, tzinfo=UTC)
FIX = (m.ProposeDates(ADVISER, (SESSION, LATER)), m.ConfirmDate(LEAD, 0))
AGENDA = m.SendAgenda(ADVISER, "txt_reason")
GONE = m.CloseItem(MANAGER, "withdrawn", "txt_reason")
UID = "itm_a1@office.example.org"
REVIEW = "itm_v1@office.example.org"


def replayed(mails: list[MailboxMessage]) -> dict[str, dict[str, str]]:
    """For each address, uid to start of what its calendar shows once it has read all its emails."""
    shown: dict[str, dict[str, tuple[int, str]]] = {}
    for mail in mails:
        calendar = shown.setdefault(mail.to_name, {})
        if mail.calendar is None:
            continue
        parsed: Any = Calendar.from_ical(mail.calendar)
        assert parsed["method"] == mail.calendar_method
        [event] = parsed.walk("VEVENT")
        uid, sequence = str(event["uid"]), int(event["sequence"])
        if sequence < calendar.get(uid, (-1, ""))[0]:
            continue
        off = mail.calendar_method == "CANCEL"
        assert off == (event["status"] == "CANCELLED")
        if off:
            assert calendar.get(uid, (0, ""))[1], f"{mail.to_name} never had {uid}"
        start = event.decoded("dtstart")
        words = start.astimezone(UTC).isoformat() if isinstance(start, datetime) else str(start)
        calendar[uid] = (sequence, "" if off else words)
    return {
        name: {uid: start for uid, (_, start) in calendar.items() if start}
        for name, calendar in shown.items()
    }


class Story:
    """Processes whose records go through the database into the mailbox."""

    def __init__(self, database: Database) -> None:
        self.database, self.post = database, Post(database)
        self.now = NOW
        self.advice = AdviceCycleProcess(item_input("advice", "1", item_id="itm_a1", at=NOW))
        self.review = ReviewMilestoneProcess(
            item_input("review", rules().reviews[0].key, item_id="itm_v1", at=NOW, due=DUE)
        )

    async def opened(self) -> "Story":
        """Both items open."""
        for process in (self.advice, self.review):
            await self.say(process.opening())
        return self

    async def say(self, record: Record) -> Record:
        """Write it and send what it reserved."""
        await self.post.write(record)
        await self.post.deliver(record)
        return record

    async def do(self, *commands: object) -> None:
        """Commands to the advice cycle."""
        for command in commands:
            await self.say(self._decided(self.advice, command))

    async def do_review(self, *commands: object) -> None:
        """Commands to the review."""
        for command in commands:
            await self.say(self._decided(self.review, command))

    def _decided(self, process: Process, command: object) -> Record:
        if isinstance(command, m.CloseItem):
            return process.decide(lambda decision: process.close_item(command, decision), self.now)
        return give(process, command, self.now)

    async def calendars(self) -> dict[str, dict[str, str]]:
        """What each calendar shows."""
        return replayed(await self.post.mails())


def showing(uid: str, start: datetime | date, *names: str) -> Mapping[str, Mapping[str, str]]:
    """These people's calendars show this one entry."""
    return {name: {uid: start.isoformat()} for name in names}


LENA, SAM, BOLA = "Lena Price", "Sam O'Neil & Co <ops>", "Bola Ade"


@pytest.fixture
async def story(database: Database) -> Story:
    told = Story(database)
    await told.say(told.advice.opening())
    return told


class TestSessions:
    async def test_every_invited_person_is_told_of_new_dates(self, story: Story) -> None:
        await story.do(*FIX, AGENDA)
        assert (await story.calendars()) == showing(UID, SESSION, LENA, SAM, BOLA)
        await story.do(m.ProposeDates(ADVISER, (LATER,)))
        assert (await story.calendars()) == {LENA: {}, SAM: {}, BOLA: {}}
        await story.do(m.ConfirmDate(LEAD, 0))
        assert (await story.calendars()) == showing(UID, LATER, LENA, SAM, BOLA)

    @pytest.mark.parametrize(
        "end",
        [
            m.MissSession(ADVISER, "txt_reason"),
            m.CloseCycle(ADVISER, "txt_reason"),
            m.CloseItem(MANAGER, "cancelled"),
            GONE,
            m.HoldSession(ADVISER, NOW.date()),
        ],
        ids=["missed", "closed", "cancelled", "withdrawn", "held on another day"],
    )
    async def test_no_calendar_keeps_a_session_that_does_not_take_place(
        self, story: Story, end: object
    ) -> None:
        await story.do(*FIX, AGENDA, end)
        assert (await story.calendars()) == {LENA: {}, SAM: {}, BOLA: {}}

    async def test_a_person_who_was_not_invited_is_not_told_that_it_is_off(
        self, story: Story
    ) -> None:
        await story.do(*FIX, GONE)
        assert set(await story.calendars()) == {LENA, BOLA}
        assert "advice.called_off" not in {
            kind for kind, who in await story.post.states() if who in (SECOND, "nobody")
        }

    async def test_the_former_lead_is_told_as_well_as_the_new_one(
        self, story: Story, database: Database
    ) -> None:
        await story.do(*FIX)
        await lead_is(database, SECOND)
        await story.do(m.ProposeDates(ADVISER, (LATER,)), m.ConfirmDate(LEAD, 0))
        assert (await story.calendars()) == {
            LENA: {},
            **showing(UID, LATER, SAM, BOLA),
        }

    async def test_an_absent_recipient_loses_their_earlier_entry(
        self, story: Story, database: Database
    ) -> None:
        await story.do(*FIX)
        await away(database, LEAD, SECOND)
        await story.do(m.MissSession(ADVISER, "txt_reason"))
        assert (await story.calendars()) == {LENA: {}, SAM: {}, BOLA: {}}

    async def test_a_former_delegate_loses_the_entry_after_the_lead_is_back(
        self, story: Story, database: Database
    ) -> None:
        await away(database, LEAD, SECOND)
        await story.do(*FIX)
        assert (await story.calendars())[SAM] == {UID: SESSION.isoformat()}
        async with database.transaction() as session:
            await session.execute(delete(choices))
        await story.do(m.MissSession(ADVISER, "txt_reason"))
        assert (await story.calendars()) == {LENA: {}, SAM: {}, BOLA: {}}

    async def test_an_invitation_that_waited_until_it_was_off_adds_nothing(
        self, story: Story
    ) -> None:
        await story.do(FIX[0])
        fixed = story._decided(story.advice, FIX[1])
        await story.post.write(fixed)
        await story.do(GONE)
        await story.post.deliver(fixed)
        assert all(not entries for entries in (await story.calendars()).values())
        assert (await story.post.states())["advice.confirmed", LEAD] == (
            "withheld",
            "session_called_off",
        )

    @on_both
    async def test_a_cancellation_waits_for_an_invitation_that_is_being_sent(
        self, story: Story, database: Database
    ) -> None:
        await story.do(*FIX)
        async with database.transaction() as session:
            await session.execute(
                update(notifications)
                .where(notifications.c.kind == "advice.confirmed")
                .values(state="claimed")
            )
        off = story._decided(story.advice, GONE)
        await story.post.write(off)
        with pytest.raises(Exception, match="invitation_under_way") as refused:
            await story.post.deliver(off)
        assert not isinstance(refused.value, Transient)

    @on_both
    async def test_whichever_comes_first_an_invitation_and_its_end_agree(
        self, story: Story, database: Database
    ) -> None:
        await story.do(FIX[0])
        for number in range(6):
            fixed = story._decided(story.advice, FIX[1])
            await story.post.write(fixed)
            off = story._decided(story.advice, m.ProposeDates(ADVISER, (LATER,)))
            # One worker sends the invitation while another writes down that it is off.
            await asyncio.gather(story.post.deliver(fixed), story.post.write(off))
            await story.post.deliver(off)
            assert all(not shown for shown in (await story.calendars()).values()), number

    @on_both
    async def test_a_bounced_invitation_is_not_cancelled(
        self, story: Story, database: Database
    ) -> None:
        await story.do(*FIX)
        async with database.transaction() as session:
            await session.execute(
                update(notifications)
                .where(notifications.c.recipient_id == LEAD)
                .values(state="bounced")
            )
        before = len(await story.post.mails())
        await story.do(GONE)
        assert [mail.to_name for mail in (await story.post.mails())[before:]] == [BOLA]


class TestReviews:
    async def test_its_day_moves_and_goes_with_it(self, database: Database) -> None:
        story = Story(database)
        await story.say(story.review.opening())
        assert (await story.calendars()) == showing(REVIEW, DUE.date(), LENA)
        moved = m.MoveDeadline(MANAGER, "submit", date(2027, 3, 8))
        await story.do_review(moved)
        assert (await story.calendars()) == showing(REVIEW, date(2027, 3, 8), LENA)
        await story.do_review(GONE)
        assert (await story.calendars()) == {LENA: {}}

    async def test_returned_it_has_the_new_day_and_signed_off_none_to_come(
        self, database: Database
    ) -> None:
        story = Story(database)
        await story.say(story.review.opening())
        for check in rules().reviews[0].checklist:
            await story.do_review(m.AddEvidence(LEAD, check, "txt_reason"))
        await story.do_review(m.SubmitReview(LEAD), m.ReturnReview(MANAGER, "txt_reason"))
        [(uid, day)] = (await story.calendars())[LENA].items()
        revise = story.review.deadlines.open["revise"].due_at.date()
        assert (uid, day) == (REVIEW, revise.isoformat())
        await story.do_review(m.SubmitReview(LEAD), m.SignOffReview(MANAGER))
        assert (await story.calendars())[LENA] == {}

    async def test_a_new_lead_gets_the_day_and_the_old_one_loses_it(
        self, database: Database
    ) -> None:
        story = Story(database)
        await story.say(story.review.opening())
        await lead_is(database, SECOND)
        await story.do_review(m.MoveDeadline(MANAGER, "submit", date(2027, 3, 8)))
        assert (await story.calendars()) == {LENA: {}, **showing(REVIEW, date(2027, 3, 8), SAM)}


async def lead_is(database: Database, who: str) -> None:
    """From now on; there is one at a time."""
    async with database.transaction() as session:
        for lead, others in ((False, contacts.c.id != who), (True, contacts.c.id == who)):
            await session.execute(
                update(contacts).where(contacts.c.member_id == "mem_1", others).values(lead=lead)
            )


async def away(database: Database, who: str, stand_in: str) -> None:
    """They are away and have a delegate."""
    async with database.transaction() as session:
        await session.execute(
            insert(choices).values(
                holder_id=who,
                language="en",
                reminders="single",
                digests=True,
                quiet_weekdays=[],
                absent_from=NOW.date(),
                absent_until=NOW.date(),
                delegate_id=stand_in,
                changed_at=NOW,
            )
        )


@pytest.mark.parametrize("seed", range(12))
async def test_any_story_leaves_in_every_calendar_exactly_what_is_true(
    database: Database, seed: int
) -> None:
    """Random commands, leads that change and people who come and go, sent late and out of order."""
    random, story = Random(seed), await Story(database).opened()
    late: list[Record] = []
    for _ in range(30):
        day = timedelta(days=random.randint(1, 4))
        command = random.choice(
            [
                m.ProposeDates(ADVISER, (SESSION + 7 * day,)),
                m.ConfirmDate(LEAD, 0),
                m.ConfirmDate(LEAD, 0),
                AGENDA,
                m.MissSession(ADVISER, "txt_reason"),
            ]
        )
        process: Process = story.advice
        if random.random() < 0.2:
            process, command = (
                story.review,
                m.MoveDeadline(MANAGER, "submit", (DUE + 7 * day).date()),
            )
        if random.random() < 0.2:
            await turn(database, random)
        try:
            record = story._decided(process, command)
        except Exception:
            continue
        await story.post.write(record)
        late.append(record)
        while late and random.random() < 0.6:
            await story.post.deliver(late.pop(random.randrange(len(late))))
    if seed % 3 == 0:
        for process in (story.advice, story.review):
            if not process.is_closed:
                gone = story._decided(process, GONE)
                await story.post.write(gone)
                late.append(gone)
    random.shuffle(late)
    for record in late:
        await story.post.deliver(record)
    await check(story, database)


async def turn(database: Database, random: Random) -> None:
    """The lead changes, goes away or comes back."""
    async with database.transaction() as session:
        await session.execute(delete(choices))
    await lead_is(database, random.choice((LEAD, SECOND)))
    if random.random() < 0.4:
        await away(database, *random.sample((LEAD, SECOND), 2))


async def check(story: Story, database: Database) -> None:
    """Each calendar shows the current dates of those invited, and nothing else."""
    async with database.reading() as session:
        rows = {row.id: row for row in await session.execute(select(items))}
        parts = list(await session.execute(select(calendar_parts)))
    true: dict[str, str] = {}
    advice, review = rows["itm_a1"], rows["itm_v1"]
    if advice.stage == "session" and advice.closed_at is None:
        true[UID] = datetime.fromisoformat(advice.data["session"]).astimezone(UTC).isoformat()
    if review.closed_at is None:
        true[REVIEW] = review.due_at.date().isoformat()
    shown = await story.calendars()
    for name, entries in shown.items():
        assert entries.items() <= true.items(), f"{name} has what is not true"
    assert {uid for entries in shown.values() for uid in entries} == set(true)
    assert len({part.notification_id for part in parts}) == len(parts)
