"""A moved date moves in the calendar, and a cancelled session disappears from it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from notifications.calendar.entries import FIXES, REMOVES, SentEntry
from notifications.calendar.invitations import DateChange, make_part, session_gone_reason
from notifications.content.message import Message
from notifications.content.scene import Scene, Who
from notifications.senders.protocol import Invitation
from notifications.sentences import Clock
from notifications.words import Titles
from programmes.facts import Fact, Notice, Record
from storage.database import Database
from tests.notifications.office import DUE, NOW, Post, record, task

SESSION = datetime(2027, 3, 30, 13, 0, tzinfo=UTC)
"""Two o'clock in London: summer time has begun."""
OFFICE = "https://office.example.org"
SENT_BY = "office@example.org"


def event_of(content: str | None) -> Any:
    """The one event of a calendar that reads as it was written."""
    assert content is not None
    calendar: Any = Calendar.from_ical(content)
    assert calendar["version"] == "2.0"
    events = calendar.walk("VEVENT")
    assert len(events) == 1
    return events[0]


def advice(sequence: int, kind: str, *to: str, **data: str) -> Record:
    """A record of advice cycle 1 that tells these people."""
    return record(
        sequence,
        Notice(kind, to, rung=f"#{sequence}"),
        item="eng_1.advice.1",
        kind="advice",
        stage="session",
        data=data,
        facts=(Fact(FACTS.get(kind, kind), NOW, "per_adviser", data),),
    )


FACTS = {"advice.agenda": "advice.agenda_sent"}


def fixed(sequence: int, at: datetime = SESSION) -> Record:
    """A session that lead and adviser agree."""
    return advice(sequence, "advice.confirmed", "lead", "adviser", session=at.isoformat())


class TestSessions:
    async def test_an_agreed_session_comes_with_an_invitation(self, database: Database) -> None:
        post, agreed = Post(database), fixed(3)
        await post.write(agreed)
        await post.deliver(agreed)
        mails = {mail.to_name: mail for mail in await post.mails()}
        assert set(mails) == {"Lena Price", "Bola Ade"}
        for mail in mails.values():
            assert mail.calendar_method == "REQUEST"
            event = event_of(mail.calendar)
            assert event["uid"] == "eng_1.advice.1@office.example.org"
            assert event["sequence"] == 3
            assert event["status"] == "CONFIRMED"
            assert event.decoded("dtstart") == SESSION
            assert event["dtstart"].params["TZID"] == "Europe/London"
            assert "/go/engagements/eng_1/items/eng_1.advice.1" in event["description"]
            assert event["organizer"] == "mailto:inclusive-growth-network@example.org"
            assert event["attendee"] == f"mailto:{mail.to_email}"
        assert event_of(mails["Lena Price"].calendar)["summary"] == "Advice session: Bola Ade"
        assert event_of(mails["Bola Ade"].calendar)["summary"] == "Advice session: Cardiff"

    async def test_the_time_zone_travels_with_it(self, database: Database) -> None:
        post, agreed = Post(database), fixed(3)
        await post.write(agreed)
        await post.deliver(agreed)
        calendar: Any = Calendar.from_ical((await post.mails())[0].calendar or "")
        zones = [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")]
        assert zones == ["Europe/London"]

    async def test_a_session_that_was_missed_or_called_off_disappears(
        self, database: Database
    ) -> None:
        post, agreed = Post(database), fixed(3)
        missed = advice(4, "advice.missed", "lead", "adviser")
        await post.write(agreed)
        await post.deliver(agreed)
        await post.write(missed)
        await post.deliver(missed)
        event = event_of((await post.mails())[-1].calendar)
        assert (await post.mails())[-1].calendar_method == "CANCEL"
        assert event["status"] == "CANCELLED"
        assert event["uid"] == "eng_1.advice.1@office.example.org"
        assert event["sequence"] == 4
        assert event.decoded("dtstart") == SESSION

    async def test_new_dates_remove_the_agreed_one_until_another_is_agreed(
        self, database: Database
    ) -> None:
        post = Post(database)
        proposed = record(
            4,
            Notice("advice.dates_proposed", ("lead",), rung="#4", task="confirm", revision=1),
            tasks=(task("confirm", "lead", family="advice"),),
            item="eng_1.advice.1",
            kind="advice",
            stage="confirm",
            data={"date:0": SESSION.isoformat()},
            facts=(Fact("advice.dates_proposed", NOW, "per_adviser"),),
        )
        again = fixed(5, SESSION + timedelta(days=7))
        for each in (fixed(3), proposed, again):
            await post.write(each)
            await post.deliver(each)
        lena = [mail for mail in await post.mails() if mail.to_name == "Lena Price"]
        seen = [(mail.calendar_method, event_of(mail.calendar)["sequence"]) for mail in lena]
        assert seen == [("REQUEST", 3), ("CANCEL", 4), ("REQUEST", 5)]
        assert event_of(lena[-1].calendar).decoded("dtstart") == SESSION + timedelta(days=7)

    async def test_the_first_dates_that_are_proposed_cancel_nothing(
        self, database: Database
    ) -> None:
        post = Post(database)
        proposed = record(
            2,
            Notice("advice.dates_proposed", ("lead",), rung="#2", task="confirm", revision=1),
            tasks=(task("confirm", "lead", family="advice"),),
            item="eng_1.advice.1",
            kind="advice",
            stage="confirm",
            data={"date:0": SESSION.isoformat()},
            facts=(Fact("advice.dates_proposed", NOW, "per_adviser"),),
        )
        await post.write(proposed)
        await post.deliver(proposed)
        assert [mail.calendar for mail in await post.mails()] == [None]

    async def test_a_late_cancellation_does_not_remove_a_newer_date(
        self, database: Database
    ) -> None:
        post = Post(database)
        missed = advice(4, "advice.missed", "lead")
        await post.write(fixed(3), missed, fixed(6, SESSION + timedelta(days=7)))
        await post.deliver(missed)
        assert [mail.calendar for mail in await post.mails()] == [None]

    async def test_an_agenda_that_waited_names_the_session_as_it_is_now(
        self, database: Database
    ) -> None:
        post, later = Post(database), SESSION + timedelta(days=7)
        agenda = advice(4, "advice.agenda", "member", session=SESSION.isoformat())
        await post.write(fixed(3), agenda, fixed(6, later))
        await post.deliver(agenda)
        for mail in await post.mails():
            event = event_of(mail.calendar)
            assert (event["sequence"], event.decoded("dtstart")) == (6, later)


def review(sequence: int, kind: str, due: datetime, revision: int) -> Record:
    """A record of the interim review that asks the lead to send it in."""
    return record(
        sequence,
        Notice(kind, ("lead",), rung=f"#{sequence}", task="submit", revision=revision),
        tasks=(task("submit", "lead", family="review", due_at=due, revision=revision),),
        item="eng_1.review.interim",
        kind="review",
        key="interim",
        stage="preparing",
        facts=(Fact("review.opened", NOW),),
    )


class TestDueDates:
    async def test_a_review_is_a_whole_day_that_moves_with_its_date(
        self, database: Database
    ) -> None:
        post = Post(database)
        for each in (
            review(1, "review.opened", DUE, 1),
            review(2, "task.moved", DUE + timedelta(days=7), 2),
        ):
            await post.write(each)
            await post.deliver(each)
        mails = await post.mails()
        assert [mail.calendar_method for mail in mails] == ["PUBLISH", "PUBLISH"]
        first, moved = (event_of(mail.calendar) for mail in mails)
        assert first["uid"] == moved["uid"] == "eng_1.review.interim@office.example.org"
        assert (first["sequence"], moved["sequence"]) == (1, 2)
        assert (first.decoded("dtstart"), moved.decoded("dtstart")) == (
            date(2027, 1, 19),
            date(2027, 1, 26),
        )
        assert first["transp"] == "TRANSPARENT"
        assert "attendee" not in first

    async def test_another_task_with_a_new_date_has_no_calendar_part(
        self, database: Database
    ) -> None:
        post = Post(database)
        moved = record(
            2,
            Notice("task.moved", ("manager",), rung="triage", task="triage", revision=1),
            tasks=(task(),),
        )
        await post.write(moved)
        await post.deliver(moved)
        assert [mail.calendar for mail in await post.mails()] == [None]


SCENE = Scene(
    engagement_id="eng_1",
    member_id="mem_1",
    member="Cardiff",
    stage="active",
    started_on=NOW.date(),
    onboarded_at=NOW,
    moved={},
    cycles=(),
    calendar={},
    clock=Clock("Europe/London"),
    titles=Titles("Network", reply_to="programme@example.org"),
    definition=None,
    manager_id=None,
    adviser_id=None,
    item_id="eng_1.advice.1",
    item_kind="advice",
    item_key="1",
    item_stage="session",
    item_data={},
    assignee_id=None,
)
LENA = Who("con_lead", "Lena Price", "lena@example.org", "lead", active=True)

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("advice.confirmed"), st.integers(1, 300)),
        st.tuples(st.just("advice.agenda"), st.just(0)),
        st.tuples(st.just("advice.missed"), st.just(0)),
        st.tuples(st.just("advice.dates_proposed"), st.just(0)),
    ),
    max_size=12,
)


class TestAnyRescheduling:
    @settings(max_examples=150, deadline=None)
    @given(changes=CHANGES, gaps=st.lists(st.integers(1, 5), min_size=12, max_size=12))
    def test_the_uid_stays_and_the_sequence_grows_and_the_last_word_is_right(
        self, changes: list[tuple[str, int]], gaps: list[int]
    ) -> None:
        calendar = _Calendar()
        turns: tuple[DateChange, ...] = ()
        stands, sequence = "", 0
        for (kind, days), gap in zip(changes, gaps, strict=False):
            sequence += gap
            if kind == "advice.agenda":
                if not stands:
                    continue
            elif kind == "advice.confirmed":
                stands = (SESSION + timedelta(days=days)).isoformat()
                turns += (DateChange(sequence, kind, stands),)
            else:
                stands = ""
                turns += (DateChange(sequence, kind, ""),)
            it = _message(SCENE, LENA, kind, stands)
            has = SentEntry(calendar.sequence, calendar.shows, False) if calendar.shows else None
            made = make_part(it, turns, has, sequence, SENT_BY, NOW)
            calendar.take(made.invitation if made else None)
            assert calendar.shows == stands
        assert len(calendar.uids) <= 1

    def test_an_email_that_waited_adds_no_session_that_was_called_off(self) -> None:
        fixed, missed = DateChange(3, "advice.confirmed", "x"), DateChange(4, "advice.missed")
        assert session_gone_reason("advice.confirmed", (fixed, missed))
        assert not session_gone_reason(
            "advice.agenda", (fixed, missed, DateChange(5, "advice.confirmed"))
        )
        assert not session_gone_reason("advice.missed", (fixed, missed))

    @settings(max_examples=100, deadline=None)
    @given(
        name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40),
        kind=st.sampled_from(sorted(kind for kind in FIXES | REMOVES if "advice" in kind)),
    )
    def test_no_name_breaks_an_invitation(self, name: str, kind: str) -> None:
        who = Who("con_lead", name, "lena@example.org", "lead", active=True)
        it = _message(replace(SCENE, member=name), who, kind, SESSION.isoformat())
        fixed = (DateChange(1, "advice.confirmed", SESSION.isoformat()),)
        made = make_part(it, fixed, SentEntry(1, SESSION.isoformat(), False), 2, SENT_BY, NOW)
        assert made is not None
        event = event_of(made.invitation.content)
        assert event["uid"] == "eng_1.advice.1@office.example.org"
        lines = made.invitation.content.split("\r\n")
        assert all(len(line.encode()) <= 75 for line in lines)


class _Calendar:
    """A calendar as RFC 5546 wants it: what is not newer than what it has changes nothing."""

    def __init__(self) -> None:
        self.sequence = -1
        self.shows = ""
        self.uids: set[str] = set()

    def take(self, given: Invitation | None) -> None:
        if given is None:
            return
        event = event_of(given.content)
        self.uids.add(str(event["uid"]))
        assert event["sequence"] >= self.sequence
        self.sequence = event["sequence"]
        start = event.decoded("dtstart").astimezone(UTC).isoformat()
        self.shows = "" if given.method == "CANCEL" else start


def _message(scene: Scene, recipient: Who, kind: str, session: str) -> Message:
    data = {"session": session} if session else {}
    return Message(replace(scene, item_data=data), recipient, OFFICE, kind=kind)
