"""After an outage each recipient gets one email with what is still true, and nothing is lost."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress as ignoring
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.inputs import RedeliverInput
from activities.record import Recorder
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import Explanation, explain
from notifications.feedback.suppression import waiting_for
from notifications.senders.protocol import Email, Permanent, Transient, Unknown
from programmes.facts import Fact, Notice, Record
from storage.database import Database
from storage.master.suppressions import suppress
from storage.sql import deliveries, notifications
from storage.sql import programmes as programme_rows
from tests.databases import migrated_sqlite, opened
from tests.notifications.delivery.test_recipient import away, choose
from tests.notifications.office import NOW, Post, office, record, source, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

FRIDAY = datetime(2027, 1, 8, 10, 0, tzinfo=UTC)
"""Seven and a half hours of sending before ``NOW``."""
LATE_ON_FRIDAY = datetime(2027, 1, 8, 16, 0, tzinfo=UTC)
"""Half an hour of sending before the weekend, and an hour after it."""
MANAGER, LEAD = "per_manager", "con_lead"


def reminder(number: int, *to: str, kind: str = "research.reminder", **values: Any) -> Record:
    """The opening of request ``number``, with a reminder of its triage."""
    notice = Notice(kind, to or ("manager",), f"triage/{kind}", task="triage", revision=1)
    return record(1, notice, item=f"itm_{number}", key=str(number), tasks=(task(),), **values)


def done(number: int, sequence: int = 2) -> Record:
    """Its triage is done."""
    return record(sequence, item=f"itm_{number}", key=str(number), stage="scope")


def question(number: int) -> Record:
    """A question to the member, with a text that the office wrote."""
    notice = Notice("research.question", ("lead",), "#1", "answer", revision=1, text="txt_reason")
    of = task("answer", "lead")
    return record(1, notice, item=f"itm_{number}", key=str(number), tasks=(of,))


class Office(Post):
    """The post, with a recorder that wrote days ago."""

    async def wrote(self, *records: Record, at: datetime = FRIDAY) -> None:
        """Reserve what these say, at that time."""
        recorder = Recorder(self.database, lambda: at)
        for one in records:
            await recorder.record(one)

    async def try_all(self, *records: Record) -> None:
        """Send each record's own email, as the workflows do; some have to wait."""
        for one in records:
            with ignoring(ApplicationError):
                await self.deliver(one)

    async def fates(self) -> Mapping[str, tuple[str, str]]:
        """Item and recipient to state and reason."""
        async with self.database.reading() as session:
            rows = await session.execute(notifications.select())
            return {f"{row.item_id} {row.recipient_id}": (row.state, row.reason) for row in rows}

    async def ids(self) -> Mapping[str, str]:
        """Item to its only notification."""
        async with self.database.reading() as session:
            rows = await session.execute(select(notifications.c.item_id, notifications.c.id))
            return {row.item_id: row.id for row in rows}

    async def explained(self, item: str) -> Explanation:
        """Why the email about that item is where it is."""
        id = (await self.ids())[item]
        async with self.database.reading() as session:
            evidence = await read_evidence(session, id)
        assert evidence is not None
        return explain(evidence)


def down(*more: BaseException | None) -> Scripted:
    """A provider that is down for one attempt."""
    return Scripted([Transient("sendgrid_503"), *more])


THREE = [reminder(number) for number in (1, 2, 3)]


class TestWhatIsLate:
    async def test_goes_out_in_one_email_with_each_task_its_date_and_its_link(
        self, database: Database
    ) -> None:
        post = Office(database)
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        [mail] = await post.mails()
        assert (mail.kind, mail.subject) == (
            "catch_up",
            "Sorry for the delay: three things in one email".replace("three", "3"),
        )
        for number in (1, 2, 3):
            assert f"Cardiff: Triage the request (Research request {number}), by Tue" in mail.text
            assert f"/go/engagements/eng_1/items/itm_{number}#triage" in mail.text
            assert f"/go/engagements/eng_1/items/itm_{number}#triage" in mail.html
        assert "from Friday 8 January 2027 on" in mail.text
        assert await post.fates() == {
            "itm_1 per_manager": ("accepted", ""),
            "itm_2 per_manager": ("withheld", "collapsed"),
            "itm_3 per_manager": ("withheld", "collapsed"),
        }

    async def test_single_late_email_is_sent_unchanged(self, database: Database) -> None:
        post = Office(database)
        await post.wrote(*THREE, done(2), done(3))
        await post.try_all(*THREE)
        assert [mail.kind for mail in await post.mails()] == ["research.reminder"]
        assert (await post.fates())["itm_2 per_manager"] == ("withheld", "done")

    async def test_an_outdated_email_is_withheld_for_its_own_reason(
        self, database: Database
    ) -> None:
        post = Office(database)
        await post.wrote(*THREE, done(2))
        await post.try_all(*THREE)
        [mail] = await post.mails()
        assert "itm_2" not in mail.text
        assert (await post.fates())["itm_2 per_manager"] == ("withheld", "done")

    async def test_each_recipient_gets_one_email_in_their_language(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, language="both")
        both = [reminder(number, "manager", "lead") for number in (1, 2)]
        post = Office(database)
        await post.wrote(*both)
        await post.try_all(*both)
        mails = {mail.to_email.partition("@")[0]: mail for mail in await post.mails()}
        assert set(mails) == {MANAGER, LEAD}
        assert "Ymddiheuriadau am yr oedi: dau beth mewn un e-bost / Sorry" in mails[LEAD].subject
        assert "o ddydd Gwener 8 Ionawr 2027 ymlaen" in mails[LEAD].text
        assert "Assigned to Mair Evans." in mails[LEAD].text

    async def test_two_rungs_about_one_task_are_one_entry_with_what_was_written(
        self, database: Database
    ) -> None:
        late = Notice("research.reminder", ("lead",), "answer/late", task="answer", revision=1)
        records = [
            question(1),
            record(2, late, item="itm_1", tasks=(task("answer", "lead"),)),
            question(2),
        ]
        post = Office(database)
        await post.wrote(*records)
        await post.try_all(*records)
        [mail] = await post.mails()
        assert mail.text.count("items/itm_1#answer") == 1
        assert mail.text.count("We have merged with our neighbours.") == 2

    async def test_a_rung_that_was_due_during_downtime_is_late_at_once(
        self, database: Database
    ) -> None:
        data = {"task": "triage", "rung": "research.reminder", "planned": FRIDAY.isoformat()}
        fired = (Fact("rung.fired", NOW, data=data),)
        records = [reminder(number, facts=fired) for number in (1, 2)]
        post = Office(database)
        await post.wrote(*records, at=NOW)
        await post.try_all(*records)
        assert [mail.kind for mail in await post.mails()] == ["catch_up"]


class TestWhatIsNotLate:
    async def test_a_weekend_makes_nothing_late(self, database: Database) -> None:
        post = Office(database)
        await post.wrote(*THREE, at=LATE_ON_FRIDAY)
        await post.try_all(*THREE)
        assert [mail.kind for mail in await post.mails()] == ["research.reminder"] * 3

    async def test_a_quiet_day_makes_nothing_late(self, database: Database) -> None:
        await choose(database, MANAGER, quiet_weekdays=[4])
        post = Office(database)
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        assert [mail.kind for mail in await post.mails()] == ["research.reminder"] * 3

    async def test_an_email_that_is_not_due_yet_is_not_batched(self, database: Database) -> None:
        notice = replace(THREE[1].notices[0], not_before=NOW + timedelta(days=1))
        held = replace(THREE[1], notices=(notice,))
        post = Office(database)
        await post.wrote(THREE[0], held)
        await post.try_all(THREE[0])
        assert (await post.fates())["itm_2 per_manager"] == ("reserved", "")

    async def test_answers_and_calendar_emails_are_sent_alone(self, database: Database) -> None:
        session = {"session": (NOW + timedelta(days=9)).isoformat()}
        answer = Notice("research.received", ("manager",), "#1")
        fixed = Notice("advice.confirmed", ("manager",), "#1")
        records = [
            *THREE[:2],
            record(1, answer, item="itm_8"),
            record(1, fixed, item="itm_9", kind="advice", data=session),
        ]
        post = Office(database)
        await post.wrote(*records)
        await post.try_all(*records)
        assert Counter(mail.kind for mail in await post.mails()) == {
            "catch_up": 1,
            "research.received": 1,
            "advice.confirmed": 1,
        }

    async def test_a_programme_may_switch_batching_off(self, database: Database) -> None:
        singly = source().replace("then: collapse", "then: singly")
        async with database.transaction() as session:
            await session.execute(update(programme_rows).values(source=singly))
        post = Office(database)
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        assert [mail.kind for mail in await post.mails()] == ["research.reminder"] * 3

    async def test_a_programme_may_set_when_an_email_is_late(self, database: Database) -> None:
        patient = source().replace("late_after: 2h", "late_after: 1wd")
        async with database.transaction() as session:
            await session.execute(update(programme_rows).values(source=patient))
        post = Office(database)
        await post.wrote(*THREE)  # Friday at ten, and it is Monday at ten
        await post.try_all(*THREE)
        assert len(await post.mails()) == 3

    async def test_collected_reminders_are_not_batched(self, database: Database) -> None:
        await choose(database, LEAD, reminders="digest")
        records = [reminder(1, "lead"), reminder(2, "lead", kind="research.overdue"), question(3)]
        post = Office(database)
        await post.wrote(*records)
        await post.try_all(*reversed(records))
        [mail] = await post.mails()
        assert "itm_1" not in mail.text
        assert (await post.fates())["itm_1 con_lead"] == ("withheld", "in_digest")


class TestTheCarrier:
    async def test_it_says_what_is_still_true_when_it_leaves(self, database: Database) -> None:
        post = Office(database, sender := down())
        await post.wrote(*THREE)
        await post.try_all(THREE[0])
        await post.wrote(done(2))
        await post.try_all(*THREE)
        [mail] = sender.taken
        assert ("itm_1" in mail.text, "itm_2" in mail.text, "itm_3" in mail.text) == (1, 0, 1)
        assert await post.fates() == {
            "itm_1 per_manager": ("accepted", ""),
            "itm_2 per_manager": ("withheld", "done"),
            "itm_3 per_manager": ("withheld", "collapsed"),
        }

    async def test_it_includes_the_others_though_its_own_task_is_done(
        self, database: Database
    ) -> None:
        post = Office(database, sender := down())
        await post.wrote(*THREE)
        await post.try_all(THREE[0])
        await post.wrote(done(1))
        await post.try_all(*THREE)
        [mail] = sender.taken
        assert ("itm_1" in mail.text, "itm_2" in mail.text, "itm_3" in mail.text) == (0, 1, 1)
        told = (await post.explained("itm_1")).sentences
        assert "Its email includes only the others. The task was already done." in told

    async def test_if_all_are_outdated_each_is_withheld_with_its_reason(
        self, database: Database
    ) -> None:
        post = Office(database, sender := down())
        await post.wrote(*THREE)
        await post.try_all(THREE[0])
        await post.wrote(*(done(number) for number in (1, 2, 3)))
        await post.try_all(*THREE)
        assert sender.taken == []
        assert set((await post.fates()).values()) == {("withheld", "done")}

    async def test_an_email_that_becomes_late_meanwhile_is_included(
        self, database: Database
    ) -> None:
        post = Office(database, sender := down(Transient("sendgrid_503")))
        await post.wrote(*THREE[:2])
        await post.try_all(THREE[0])
        await post.wrote(THREE[2])
        # The later one takes over all emails that the first one included.
        await post.try_all(THREE[2], *THREE)
        [mail] = sender.taken
        assert all(f"itm_{number}" in mail.text for number in (1, 2, 3))
        assert Counter((await post.fates()).values()) == {
            ("accepted", ""): 1,
            ("withheld", "collapsed"): 2,
        }

    @pytest.mark.parametrize("trouble", [Permanent("sendgrid_400"), Unknown("sendgrid_no_answer")])
    async def test_sent_again_it_includes_those_that_are_still_true(
        self, database: Database, trouble: Exception
    ) -> None:
        post = Office(database, sender := Scripted([trouble]))
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        assert sender.taken == []
        await post.wrote(done(2))
        carrier = (await post.ids())["itm_1"]
        await post.courier.redeliver(RedeliverInput(carrier, 1, MANAGER))
        [mail] = sender.taken
        assert ("itm_1" in mail.text, "itm_2" in mail.text, "itm_3" in mail.text) == (1, 0, 1)

    async def test_a_fixed_address_frees_each_email(self, database: Database) -> None:
        post = Office(database, sender := down())
        await post.wrote(*THREE)
        await post.try_all(THREE[0])
        async with database.transaction() as session:
            await suppress(session, NOW, "per_manager@example.org", reason="bounced")
        await post.try_all(*THREE)
        assert sender.taken == []
        assert set((await post.fates()).values()) == {("withheld", "suppressed")}
        async with database.reading() as session:
            assert len(await waiting_for(session, [MANAGER])) == 3

    async def test_a_delegate_gets_it_for_an_absent_recipient(self, database: Database) -> None:
        await choose(database, LEAD, **away("con_second"))
        both = [reminder(number, "lead") for number in (1, 2)]
        post = Office(database)
        await post.wrote(*both)
        await post.try_all(*both)
        [mail] = await post.mails()
        assert mail.to_email == "con_second@example.org"
        assert "You cover for Lena Price" in mail.text


class TestExplained:
    async def test_a_batched_email_names_its_carrier_and_the_result(
        self, database: Database
    ) -> None:
        post = Office(database)
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        found, carrier = await post.explained("itm_2"), (await post.ids())["itm_1"]
        assert found.sentences[0].endswith("was not sent. It was combined with other late emails.")
        assert (
            f"It was combined with other late emails ({carrier}): "
            "The email 'Reminder' to Mair Evans was sent." in "\n".join(found.sentences)
        )
        assert found.carrier is not None
        assert (found.carrier.id, found.carrier.state) == (carrier, "accepted")

    async def test_the_carrier_lists_the_emails_that_it_includes(self, database: Database) -> None:
        post = Office(database)
        await post.wrote(*THREE)
        await post.try_all(*THREE)
        found, ids = await post.explained("itm_1"), await post.ids()
        assert {one.id for one in found.carries} == {ids["itm_2"], ids["itm_3"]}
        assert found.template == "catch_up"
        text = "\n".join(found.sentences)
        thing = "'Reminder' about 'Triage the request' for Cardiff"
        assert f"{thing}, which was late too ({ids['itm_2']})" in text
        assert "from the template 'catch_up': the built-in one (English)." in text


class TestAtOnce:
    async def test_with_many_workers_one_email_includes_all(
        self, database: Database, database_url: str
    ) -> None:
        many = [reminder(number) for number in range(8)]
        await Office(database).wrote(*many)
        async with opened(database_url) as other:
            posts = [Office(one, Scripted()) for one in (database, other)]
            await asyncio.gather(
                *(posts[number % 2].try_all(one) for number, one in enumerate(many))
            )
        taken = [mail for post in posts for mail in post.sender.taken]  # type: ignore[attr-defined]
        assert [mail.kind for mail in taken] == ["catch_up"]
        assert all(f"items/itm_{number}#" in taken[0].text for number in range(8))
        states = Counter((await Office(database).fates()).values())
        assert states == {("accepted", ""): 1, ("withheld", "collapsed"): 7}


COUNT = 4
ENDS: Mapping[str, BaseException | None] = {
    "accept": None,
    "transient": Transient("sendgrid_503"),
    "permanent": Permanent("sendgrid_400"),
    "unknown": Unknown("sendgrid_no_answer"),
}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(0, COUNT - 1), st.sampled_from(sorted(ENDS))),
        st.tuples(st.just("done"), st.integers(0, COUNT - 1), st.just("")),
        st.tuples(st.just("again"), st.integers(0, COUNT - 1), st.just("accept")),
    ),
    max_size=12,
)


async def _play(url: str, played: Sequence[tuple[str, int, str]]) -> None:
    many, finished = [reminder(number) for number in range(COUNT)], set[int]()
    async with opened(url) as database:
        async with database.transaction() as session:
            await office().write(session)
        await Office(database).wrote(*many)
        taken: list[Email] = []
        for step, number, end in [*played, *(("deliver", n, "accept") for n in range(COUNT))]:
            sender = Scripted([ENDS[end]] if end else [])
            post = Office(database, sender)
            if step == "deliver":
                await post.try_all(many[number])
            elif step == "done" and number not in finished:
                finished.add(number)
                await post.wrote(done(number))
            elif step == "again":
                await _again(post, number)
            taken += sender.taken
        await _nothing_lost_nothing_twice(database, taken, finished)


async def _again(post: Office, number: int) -> None:
    """A person has it sent again, where that can be said."""
    async with post.database.reading() as session:
        query = select(notifications).where(notifications.c.item_id == f"itm_{number}")
        row = (await session.execute(query)).one()
    if row.state in ("failed", "unknown"):
        with ignoring(ApplicationError):
            await post.courier.redeliver(RedeliverInput(row.id, row.round + 1, MANAGER))


async def _nothing_lost_nothing_twice(
    database: Database, taken: Sequence[Email], finished: set[int]
) -> None:
    async with database.reading() as session:
        rows = {row.id: row for row in await session.execute(notifications.select())}
        attempts = await session.execute(deliveries.select().order_by(deliveries.c.id))
        left = {one.notification_id: one.detail for one in attempts}
    sent = {email.notification_id: email.text for email in taken}
    assert len(sent) == len(taken), "an email went out twice"
    for row in rows.values():
        carrier = rows[row.carrier_id] if row.carrier_id else row
        number = int(row.item_id.removeprefix("itm_"))
        if row.state == "withheld" and row.reason != "collapsed":
            assert (row.reason, row.carrier_id) == ("done", None)
            assert number in finished
        elif carrier.state == "accepted":
            # Its own task may be done by the time that it speaks for the others.
            left_out = carrier is row and left.get(row.id) == "done" and number in finished
            assert f"items/{row.item_id}#" in sent[carrier.id] or left_out
        else:
            # A person sees the carrier, and can have all of it sent again.
            assert carrier.state in ("failed", "unknown")


class TestAnyOrder:
    @settings(max_examples=25, deadline=None)
    @given(played=steps)
    def test_each_is_sent_once_or_withheld_with_a_reason_or_left_to_a_user(
        self, played: list[tuple[str, int, str]]
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_play(migrated_sqlite(Path(folder) / "milepost.db"), played))
