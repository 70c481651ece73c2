"""Every email answers why: the record shows it (complaint 10), and names what to change (9)."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import insert, select, update
from temporalio.exceptions import ApplicationError

from activities.deliver import Courier
from activities.inputs import DeliverInput
from notifications.delivery.resolving import UserDecision, settle
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import Explanation, explain
from notifications.senders.protocol import Transient, Unknown
from programmes.calendar import calendar_from_json
from programmes.facts import Fact, Notice, Record
from storage.database import Database
from storage.queries.access import Visibility
from storage.sql import engagements, members, notifications, provider_events
from storage.sql import programmes as programme_rows
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import (
    DUE,
    IGN,
    NOW,
    SETTINGS,
    Post,
    definition,
    record,
    source,
    stored_calendar,
    task,
)
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

LADDER = definition().rules().ladders[definition().rules().research.triage.ladder]  # type: ignore[union-attr]
RUNG = LADDER.rungs[0]
NAME = f"triage/{RUNG.name}"


def fired(sequence: int = 2, name: str = RUNG.name, revision: int = 1) -> Record:
    """What a ladder puts down when a rung comes due."""
    data = {
        "task": "triage",
        "rung": name,
        "says": "reminder",
        "revision": str(revision),
        "planned": NOW.isoformat(),
        "due": DUE.isoformat(),
    }
    notice = Notice("research.reminder", ("manager",), f"triage/{name}", "triage", revision)
    return record(sequence, notice, tasks=(task(),), facts=(Fact("rung.fired", NOW, data=data),))


async def only(database: Database) -> str:
    async with database.reading() as session:
        return str((await session.execute(select(notifications.c.id))).scalar_one())


async def explained(database: Database, id: str = "") -> Explanation:
    async with database.reading() as session:
        evidence = await read_evidence(session, id or await only(database))
    assert evidence is not None
    return explain(evidence)


async def test_complaint_10_a_sent_reminder_says_why_it_went_when_it_did(
    database: Database,
) -> None:
    post = Post(database)
    await post.write(fired())
    await post.deliver(fired())
    found = await explained(database)
    text = "\n".join(found.sentences)
    assert "The email 'Reminder' to Mair Evans was sent." in text
    assert "A reminder of 'Triage the request' was due." in text
    assert f"the rung '{RUNG.name}' of the ladder '{found.rule.ladder}'" in text
    assert "was due on Tuesday 19 January 2027: date number 1" in text
    assert "Mair Evans gets it as programme manager." in text
    assert "on working days in England" in text, "her own, not those of the member"
    assert "Monday 11 January 2027 at 10:00am: The mailbox accepted it." in text
    assert (found.rule.programme, found.rule.rung) == (IGN, RUNG.name)
    assert (found.rule.offset, found.rule.to) == (RUNG.at, RUNG.to)
    assert found.due is not None
    assert (found.due.revision, found.due.at) == (1, DUE)
    assert found.calendar is not None
    assert (found.calendar.nation, found.calendar.held_until) == ("ENG", None)
    assert "from the template 'research.reminder': the built-in one (English)." in text
    assert (found.selector, found.template) == ("manager", "research.reminder")


async def test_complaint_10_a_reminder_that_was_not_sent_says_why_not(database: Database) -> None:
    post = Post(database)
    await post.write(fired(), record(3, stage="scope"))
    await post.deliver(fired())
    found = await explained(database)
    assert found.sentences[0] == (
        "The email 'Reminder' to Mair Evans was not sent. The task was already done."
    )
    assert found.due is not None
    assert found.due.at == DUE  # the task is closed; its date is on record all the same


async def test_complaint_10_a_notice_without_a_recipient_names_its_role(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await session.execute(update(engagements).values(adviser_id=None, manager_id=None))
    await Post(database).write(record(1, Notice("research.received", ("adviser",))))
    found = await explained(database)
    assert "It was for adviser, but that role has no holder." in found.sentences
    assert "The role has no holder" in found.sentences[0]


async def test_complaint_10_an_email_that_waited_says_until_when_and_why(
    database: Database,
) -> None:
    """Decided on a Saturday, at night, on a bank holiday, in a pre-election period."""
    moments = {
        "at a weekend": datetime(2027, 1, 16, 12, tzinfo=UTC),
        "outside those hours": datetime(2027, 1, 12, 22, tzinfo=UTC),
        "on a bank holiday": datetime(2027, 3, 26, 12, tzinfo=UTC),
        "in a period without emails (Pre-election period)": datetime(2027, 4, 6, tzinfo=UTC),
    }
    calendar = stored_calendar()
    calendar["blackouts"] = [
        {"first": "2027-04-05", "last": "2027-04-08", "reason": "Pre-election period"}
    ]
    async with database.transaction() as session:
        await session.execute(update(engagements).values(calendar=calendar))
    for sequence, (why, at) in enumerate(moments.items(), 1):
        until = calendar_from_json(calendar).next_send_instant(at)
        notice = Notice("research.received", ("lead",), f"#{sequence}", not_before=until)
        facts = (Fact("research.submitted", at, "con_lead"),)
        await Post(database).write(record(sequence, notice, facts=facts))
        async with database.reading() as session:
            query = select(notifications.c.id).where(notifications.c.sequence == sequence)
            id = (await session.execute(query)).scalar_one()
        found = await explained(database, id)
        assert found.calendar is not None
        assert found.calendar.held_until == until
        held = next(one for one in found.sentences if one.startswith("It was ready"))
        assert why in held
        assert "so it waited until" in held
        assert found.sentences[-1] == "It has not left yet."


async def test_complaint_10_a_rung_that_came_due_at_night_says_so(database: Database) -> None:
    night, morning = NOW - timedelta(hours=12), NOW - timedelta(hours=1)
    data = {"task": "triage", "rung": RUNG.name, "to": morning.isoformat()}
    deferred = record(1, facts=(Fact("rung.deferred", night, data=data),), tasks=(task(),))
    await Post(database).write(deferred, fired())
    found = await explained(database)
    assert found.calendar is not None
    assert (found.calendar.decided_at, found.calendar.held_until) == (night, morning)


async def test_complaint_10_every_attempt_report_and_decision_is_listed(
    database: Database,
) -> None:
    post = Post(database, Scripted([Unknown("sendgrid_no_answer")]))
    await post.write(fired())
    await post.deliver(fired())
    id = await only(database)
    async with database.transaction() as session:
        await session.execute(
            insert(provider_events).values(
                id="e1",
                notification_id=id,
                delivery_id=None,
                kind="deferred",
                code="",
                at=NOW + timedelta(minutes=1),
                received_at=NOW,
                moved=False,
            )
        )
        word = UserDecision("per_manager", "txt_reason")
        await settle(session, id, "arrived", word, NOW + timedelta(hours=3))
    told = (await explained(database)).sentences[-3:]
    assert "it is unknown whether it got through. SendGrid did not answer in time." in told[0]
    assert "the receiving server has not taken the email yet" in told[1]
    assert told[2].endswith("Mair Evans noted that the email 'Reminder' had arrived.")


async def test_complaint_9_it_names_the_template_rule_and_version_that_an_office_can_change(
    database: Database,
) -> None:
    """Another version of the definition has another ladder: what is explained follows it."""
    later = next(rung for rung in LADDER.rungs if rung.name != RUNG.name)
    await Post(database).write(fired(name=later.name))
    found = await explained(database)
    assert found.template == "research.reminder"
    assert (found.rule.ladder, found.rule.offset) != ("", RUNG.at)
    async with database.transaction() as session:
        await session.execute(
            insert(programme_rows).values(
                id=IGN,
                version=2,
                sha256="2",
                title="IGN",
                source=source(),
                created_at=NOW,
            )
        )
        await session.execute(update(engagements).values(programme_version=2))
    assert (await explained(database)).rule == replace(found.rule, version=2)
    assert any("Version 2" in one for one in (await explained(database)).sentences)


async def test_another_members_email_is_not_explained(database: Database) -> None:
    await Post(database).write(fired())
    async with database.transaction() as session:
        await session.execute(
            insert(members).values(
                id="mem_2",
                name="Glasgow",
                nation="SCT",
                sample=True,
                blackouts=[],
                created_at=NOW,
            )
        )
    async with database.reading() as session:
        id = await only(database)
        assert await read_evidence(session, id, visible_to=Visibility("mem_2")) is None
        assert await read_evidence(session, "ntf_none") is None


def _same(moment: datetime) -> datetime:
    return moment


async def test_the_attempts_of_an_outage_are_one_sentence(database: Database) -> None:
    script = [Transient("sendgrid_401")] * 3 + [Transient("sendgrid_429"), None]
    post = Post(database, Scripted(script))
    await post.write(fired())
    for moment in (NOW + timedelta(minutes=minute) for minute in range(5)):
        courier = Courier(database, post.sender, SETTINGS, partial(_same, moment))
        with contextlib.suppress(ApplicationError):
            await courier.deliver(DeliverInput("eng_1", "itm_1", 2))
    told = [one for one in (await explained(database)).sentences if "10:0" in one][-3:]
    assert told[0].startswith(
        "3 times from Monday 11 January 2027 at 10:00am to Monday 11 January 2027 at 10:02am: "
    )
    assert told[0].endswith("SendGrid refused our key. Check MILEPOST_SENDGRID_API_KEY.")
    assert "10:03am: " in told[1]
    assert told[1].endswith("SendGrid asked us to wait.")
    assert "10:04am: " in told[2]
