"""Explanations show the effects of choices to readers who may know them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from notifications.delivery.resolving import UserDecision, begin_round
from notifications.digests.planning import reserve_digests
from notifications.explain.effects import Effect
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import Explanation, explain
from notifications.senders.mailbox import Mailbox
from programmes.facts import Fact, Notice, Record
from programmes.holidays import calendar_for
from storage.database import Database
from storage.master.suppressions import suppress
from storage.sql import engagements, notifications, programmes
from tests.notifications.delivery.test_recipient import (
    RECEIVED,
    TO_LEAD,
    TODAY,
    away,
    choose,
    opening,
)
from tests.notifications.fixtures import on_both
from tests.notifications.office import DUE, NOW, Post, definition, record, source, task

MONDAY_NEXT = date(2027, 1, 18)


async def explained(
    database: Database, recipient: str = "con_lead", choices_of: str | None = None
) -> Explanation:
    async with database.reading() as session:
        c = notifications.c
        query = c.recipient_id == recipient, c.engagement_id.is_not(None)
        id = (await session.execute(notifications.select().where(*query))).one().id
        evidence = await read_evidence(session, id, choices_of=choices_of)
    assert evidence is not None
    return explain(evidence)


async def told(database: Database, of: Record) -> Explanation:
    """Explain the lead's email of a record that was written and sent."""
    post = Post(database)
    await post.write(of)
    await post.deliver(of)
    return await explained(database)


async def newer_version(database: Database, stored: str, member: str | None) -> None:
    """A second version of the programme, as of that day, with other summaries for members."""
    head, _, rest = source().replace("version: 1", "version: 2", 1).partition("\n  member: #")
    digest = f"\n  member:\n    {member}" if member else ""
    newer = head + digest + rest[rest.index("\n\n") :]
    async with database.transaction() as session:
        row = (await session.execute(programmes.select())).one()._asdict()
        at = datetime.fromisoformat(f"{stored}T12:00+00:00")
        row |= {"version": 2, "source": newer, "created_at": at}
        await session.execute(programmes.insert().values(**row))


def effect(found: Explanation, what: str) -> Effect:
    [one] = [one for one in found.effects if one.what == what]
    return one


def whats(found: Explanation) -> Sequence[str]:
    return [one.what for one in found.effects]


class TestDelegate:
    async def test_it_says_who_got_it_and_until_when_the_recipient_is_away(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", **away("con_second"))
        found = await told(database, opening(TO_LEAD))
        assert (
            "It went to Sam O'Neil & Co <ops>, because Lena Price is away until Monday 18 January "
            "2027." in found.sentences
        )
        assert effect(found, "delegate") == Effect(
            "delegate", until=TODAY + timedelta(days=7), who="Sam O'Neil & Co <ops>"
        )

    async def test_a_reader_who_may_not_know_the_absence_sees_only_who_got_it(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", language="cy", **away("con_second"))
        await told(database, opening(TO_LEAD))
        found = await explained(database, choices_of="con_second")
        text = " ".join(found.sentences)
        assert "It went to Sam O'Neil & Co <ops>, who covers for Lena Price." in text
        assert effect(found, "delegate").until is None
        assert "away" not in text
        assert "chosen" not in text
        own = await explained(database, choices_of="con_lead")
        assert "is away until" in " ".join(own.sentences)

    async def test_an_absence_that_has_changed_since_is_not_shown(self, database: Database) -> None:
        await choose(database, "con_lead", **away("con_second"))
        await told(database, opening(TO_LEAD))
        await choose(database, "con_lead")
        found = await explained(database)
        assert effect(found, "delegate").until is None

    async def test_an_email_that_the_delegate_already_had_is_explained(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", **away("con_second"))
        found = await told(database, opening(RECEIVED))
        assert (
            "Sam O'Neil & Co <ops> got the same email already, and covers for Lena Price until "
            "Monday 18 January 2027." in found.sentences
        )


@on_both
class TestACollectedReminder:
    @pytest.fixture
    async def collected(self, database: Database) -> Explanation:
        await choose(database, "con_lead", reminders="digest")
        return await told(database, opening(TO_LEAD))

    async def test_it_names_the_summary_that_it_will_be_in(self, collected: Explanation) -> None:
        # The summaries of this Monday leave at 9:30, and it is 10 already.
        assert (
            "It will be in the summary of Monday 18 January 2027, if it is still open by then."
            in collected.sentences
        )
        at = effect(collected, "digest_to_come").at
        assert at is not None
        # By then it has left: they are spread over an hour.
        assert (at.date(), at.hour, at.minute) == (MONDAY_NEXT, 10, 30)

    @pytest.mark.parametrize(
        ("stored", "on", "quiet", "comes"),
        [
            ("2027-01-12", "friday", (), "2027-01-15T14:10"),
            # What was collected before that version was stored is not in a summary before it.
            ("2027-01-13", "tuesday", (), "2027-01-19T14:10"),
            # On Friday they take nothing: it waits for the morning of their next day.
            ("2027-01-12", "friday", (4,), "2027-01-18T09:00"),
            # It would come after the date, so the reminder goes by itself.
            ("2027-01-13", "tuesday", (1,), None),
            ("2027-01-14", "wednesday", (), None),
        ],
    )
    async def test_the_newest_definition_and_quiet_days_set_the_summarys_date(
        self, database: Database, stored: str, on: str, quiet: Sequence[int], comes: str | None
    ) -> None:
        await choose(database, "con_lead", reminders="digest", quiet_weekdays=list(quiet))
        await told(database, opening(TO_LEAD))
        await newer_version(database, stored, f'on: {on}\n    at: "14:00"\n    within: 10')
        found = [one for one in (await explained(database)).effects if one.what == "digest_to_come"]
        at = datetime.fromisoformat(f"{comes}+00:00") if comes else None
        assert [one.at for one in found] == ([at] if at else [])

    async def test_a_reader_who_may_not_know_quiet_days_sees_only_the_summary(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", reminders="digest", quiet_weekdays=[4])
        await told(database, opening(TO_LEAD))
        await newer_version(database, "2027-01-12", 'on: friday\n    at: "14:00"')
        at = effect(await explained(database, choices_of="con_second"), "digest_to_come").at
        assert at is not None
        assert at.date() == date(2027, 1, 15)

    async def test_without_a_summary_in_the_newest_definition_no_date_is_shown(
        self, database: Database, collected: Explanation
    ) -> None:
        del collected
        await newer_version(database, "2027-01-12", None)
        assert "digest_to_come" not in whats(await explained(database))

    @pytest.mark.parametrize(
        ("state", "says"),
        [
            ("accepted", "It is in the summary of Monday 18 January 2027."),
            ("withheld", "The summary of Monday 18 January 2027 no longer had to mention it."),
        ],
    )
    async def test_it_names_the_summary_that_it_was_in(
        self, database: Database, collected: Explanation, state: str, says: str
    ) -> None:
        del collected
        at = datetime(2027, 1, 18, 9, 30, tzinfo=NOW.tzinfo)
        async with database.transaction() as session:
            [id] = await reserve_digests(session, definition(), "member", at, at)
            await session.execute(
                update(notifications).where(notifications.c.id == id).values(state=state)
            )
        assert says in " ".join((await explained(database)).sentences)


class TestAQuietDay:
    async def test_it_shows_until_when_an_email_waits_and_later_waited(
        self, database: Database
    ) -> None:
        await choose(database, "con_lead", quiet_weekdays=[TODAY.weekday()])
        sent = opening(TO_LEAD)
        with pytest.raises(ApplicationError, match="quiet_day"):
            await told(database, sent)
        says = (
            "Lena Price has opted out of email on some days of the week, so it {} until Tuesday 12"
        )
        found = await explained(database)
        assert says.format("waits") in " ".join(found.sentences)
        tomorrow = effect(found, "quiet_day").at
        assert tomorrow is not None
        post = Post(database, Mailbox(database, lambda: tomorrow))
        dispatch = replace(post.courier._dispatch, clock=lambda: tomorrow)
        post.courier._dispatch = dispatch
        await post.deliver(sent)
        found = await explained(database)
        assert says.format("waited") in " ".join(found.sentences)
        assert "quiet_day" not in whats(await explained(database, choices_of="con_second"))

    async def test_one_that_left_on_that_day_was_not_held(self, database: Database) -> None:
        await told(database, opening(TO_LEAD))
        await choose(database, "con_lead", quiet_weekdays=[TODAY.weekday()])
        assert "quiet_day" not in whats(await explained(database))


class TestASuppressedAddress:
    async def test_it_shows_since_when_and_why_and_then_who_fixed_it(
        self, database: Database
    ) -> None:
        async with database.transaction() as session:
            before = NOW - timedelta(days=3)
            await suppress(session, before, "con_lead@example.org", reason="bounced")
        found = await told(database, opening(TO_LEAD))
        text = " ".join(found.sentences)
        assert "On Friday 8 January 2027 an email to this address bounced." in text
        assert "@" not in text
        assert "suppressed" not in whats(await explained(database, choices_of="con_second"))
        async with database.transaction() as session:
            [row] = (await session.execute(notifications.select())).all()
            await begin_round(
                session, row.id, 1, UserDecision("per_manager"), NOW + timedelta(hours=1)
            )
        text = " ".join((await explained(database)).sentences)
        assert "Mair Evans fixed the address, so the email 'Reminder' was sent again." in text


@on_both
class TestTheSpreadOfAMorning:
    async def test_it_says_when_it_would_have_been_due_without(self, database: Database) -> None:
        own = calendar_for(
            *(definition(), "WLS"),
            first=date(2026, 1, 1),
            last=date(2029, 12, 31),
            stagger="eng_1",
        )
        due = own.send_opening(TODAY)
        data = {"task": "triage", "rung": "early", "planned": due.isoformat(), "revision": "1"}
        data |= {"says": "reminder", "due": DUE.isoformat()}
        async with database.transaction() as session:
            held: dict[str, Any] = {
                **(await session.execute(engagements.select())).one().calendar,
                "send_from": own.send_from.isoformat(),
            }
            await session.execute(update(engagements).values(calendar=held))
        fired = record(1, TO_LEAD, tasks=(task(),), facts=(Fact("rung.fired", due, data=data),))
        found = await told(database, fired)
        spread = effect(found, "spread")
        assert (spread.at, spread.detail) == (due, "30")
        assert spread.instead_of == datetime(2027, 1, 11, 9, tzinfo=NOW.tzinfo)
        [says] = [one for one in found.sentences if "not 9:00am" in one]
        assert f"at 9:{due.minute:02}am, not" in says
        # What did not wait for the window has no share in it.
        other = replace(
            fired, sequence=2, item_id="itm_2", facts=(replace(fired.facts[0], data={}),)
        )
        await Post(database).write(other)
        async with database.reading() as session:
            c = notifications.c
            id = await session.scalar(notifications.select().where(c.item_id == "itm_2"))
            evidence = await read_evidence(session, str(id))
        assert evidence is not None
        assert "spread" not in whats(explain(evidence))

    async def test_a_few_seconds_are_not_worth_a_sentence(self, database: Database) -> None:
        opening = datetime(2027, 1, 11, 9, 0, 3, tzinfo=NOW.tzinfo)
        data = {"task": "triage", "rung": "early", "planned": opening.isoformat(), "revision": "1"}
        data |= {"says": "reminder", "due": DUE.isoformat()}
        async with database.transaction() as session:
            held: dict[str, Any] = {
                **(await session.execute(engagements.select())).one().calendar,
                "send_from": "09:00:03",
            }
            await session.execute(update(engagements).values(calendar=held))
        fired = Fact("rung.fired", opening, data=data)
        found = await told(database, record(1, TO_LEAD, tasks=(task(),), facts=(fired,)))
        assert "spread" not in whats(found)


class TestLanguage:
    @pytest.mark.parametrize(
        ("language", "says"),
        [
            ("cy", "It is in Welsh, as Lena Price has chosen."),
            (
                "both",
                "It is in Welsh and in English, one below the other, as Lena Price has chosen.",
            ),
        ],
    )
    async def test_it_says_which_and_who_chose_it(
        self, database: Database, language: str, says: str
    ) -> None:
        await choose(database, "con_lead", language=language)
        found = await told(database, opening(TO_LEAD))
        assert says in found.sentences

    async def test_without_a_choice_it_shows_the_language_alone(self, database: Database) -> None:
        found = await told(database, opening(Notice("research.received", ("lead",), rung="#1")))
        assert "It is in English." in found.sentences
