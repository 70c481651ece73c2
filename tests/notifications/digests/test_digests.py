"""Summaries: who gets one and what it says; an empty or repeated one is not sent."""

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from notifications.content.context import Line
from notifications.content.rendering import render, render_values
from notifications.custom_templates.draft import Draft
from notifications.custom_templates.keeping import FaultyDraft, put
from notifications.custom_templates.preview import OVERRIDABLE
from notifications.delivery.recipient import Quiet
from notifications.digests.content import MemberDigest, TeamDigest, Trouble
from notifications.digests.planning import reserve_digests
from notifications.digests.sending import DigestSending
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Transient
from programmes.vocabulary import LANGUAGES, Digest, Language
from storage.database import Database
from storage.sql import mailbox, notifications, people
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.fixtures import on_both
from tests.notifications.office import (
    IGN,
    NOW,
    SETTINGS,
    Post,
    definition,
    record,
    reminder,
    task,
)
from tests.notifications.scripted import Killed, Scripted

OPENING = record(1, reminder("triage/early", "lead"), tasks=(task(),))


def post(database: Database, now: datetime = NOW) -> DigestSending:
    return DigestSending(
        database, Mailbox(database, lambda: now), SETTINGS, lambda: now, "a secret of these tests"
    )


async def plan(database: Database, digest: Digest, at: datetime = NOW) -> list[str]:
    async with database.transaction() as session:
        return await reserve_digests(session, definition(), digest, at, at)


async def run(database: Database, digest: Digest, at: datetime = NOW) -> list[str]:
    """Plan and send one run; the ids of it."""
    ids = await plan(database, digest, at)
    for id in ids:
        await post(database, at).send(id, None)
    return ids


async def mails(database: Database) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(mailbox.select().order_by(mailbox.c.id))).all())


async def reasons(database: Database) -> dict[str, tuple[str, str]]:
    async with database.reading() as session:
        rows = await session.execute(
            notifications.select().where(notifications.c.engagement_id.is_(None))
        )
        return {row.recipient_id: (row.state, row.reason) for row in rows}


@on_both
class TestTheTeams:
    async def test_a_manager_gets_a_list_of_their_tasks_once_a_week(
        self, database: Database
    ) -> None:
        await Post(database).write(OPENING)
        first = await run(database, "manager")
        again = await run(database, "manager", NOW + timedelta(hours=2))
        assert first == again
        [mail] = await mails(database)
        assert mail.to_email == "per_manager@example.org"
        assert mail.subject == "Your week: 1 waiting for you, 0 due"
        assert "Cardiff: Triage the request (Research request 1), Mair Evans, by" in mail.text
        assert mail.unsubscribe in mail.text
        assert mail.unsubscribe.startswith("https://office.example.org/unsubscribe/")
        next_week = await run(database, "manager", NOW + timedelta(days=7))
        assert next_week != first
        assert len(await mails(database)) == 2

    async def test_an_empty_summary_is_not_sent(self, database: Database) -> None:
        await run(database, "manager")
        assert await mails(database) == []
        assert await reasons(database) == {"per_manager": ("withheld", "nothing_to_say")}

    async def test_an_email_in_trouble_is_listed(self, database: Database) -> None:
        of = Post(database)
        sent = record(1, reminder("triage/early", "lead"), tasks=(task(),))
        await of.write(sent)
        async with database.transaction() as session:
            await session.execute(notifications.update().values(state="bounced", reason="bounce"))
        await of.write(record(2, stage="scope"))
        await run(database, "manager")
        [mail] = await mails(database)
        assert "Emails in trouble" in mail.text
        assert "Lena Price" in mail.text

    @pytest.mark.parametrize(("hours", "says"), [(2, True), (4, False)])
    async def test_so_is_one_that_is_unknown_for_too_long(
        self, database: Database, hours: int, says: bool
    ) -> None:
        await Post(database).write(OPENING)
        async with database.transaction() as session:
            await session.execute(
                notifications.update().values(
                    state="unknown", reason="sendgrid_502", changed_at=NOW - timedelta(hours=3)
                )
            )
        await Post(database).write(record(2, stage="scope"))
        [id] = await plan(database, "manager")
        patient = SimpleNamespace(**vars(SETTINGS) | {"unknown_after": 3600.0 * hours})
        await replace(post(database), office=patient).send(id, None)
        assert (await reasons(database))["per_manager"] == (
            ("accepted", "") if says else ("withheld", "nothing_to_say")
        )

    async def test_an_email_that_waits_for_the_sender_is_not_listed(
        self, database: Database
    ) -> None:
        of = Post(database, Scripted([Transient("sendgrid_401")]))
        await of.write(OPENING)
        with pytest.raises(ApplicationError, match="sendgrid_401"):
            await of.deliver(OPENING)
        await of.write(record(2, stage="scope"))
        later = NOW + timedelta(hours=1)
        await run(database, "manager", later)
        assert await reasons(database) == {"per_manager": ("withheld", "nothing_to_say")}

    async def test_so_are_a_notice_without_recipient_and_a_bounced_summary(
        self, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                people.update().where(people.c.id == "per_funder").values(active=False)
            )
        of = Post(database)
        await of.write(record(1, reminder("triage/early", "funder"), tasks=(task(),)))
        await of.write(OPENING)
        came_back = await run(database, "member", datetime(2027, 2, 1, 10, tzinfo=NOW.tzinfo))
        async with database.transaction() as session:
            await session.execute(
                notifications.update()
                .where(notifications.c.id.in_(came_back))
                .values(state="bounced", reason="bounce_5.1.1")
            )
        before = len(await mails(database))
        await run(database, "manager")
        mail = (await mails(database))[before]
        assert "The role has no holder." in mail.text
        assert "Monthly summary" in mail.text
        assert "There is no such address." in mail.text

    async def test_an_offices_own_template_is_used_and_noted(self, database: Database) -> None:
        body = (
            "{% extends 'layout.txt' %}{% block body %}Ours: {{ waiting | length }}.{% endblock %}"
        )
        ours = Draft(text=body + "{% block foot %}{{ unsubscribe }}{% endblock %}")
        of = OVERRIDABLE["digest.manager"]
        async with database.transaction() as session:
            with pytest.raises(FaultyDraft, match="unsubscribe link is missing"):
                await put(session, "per_x", NOW, IGN, of, "en", Draft(text=body))
            await put(session, "per_x", NOW, IGN, of, "en", ours, activate=True)
        await Post(database).write(record(1, tasks=(task(),)))
        [id] = await run(database, "manager")
        [mail] = await mails(database)
        assert "Ours: 1" in mail.text
        async with database.reading() as session:
            row = (
                await session.execute(notifications.select().where(notifications.c.id == id))
            ).one()
        assert (row.template, row.template_trouble) == ("en:1", "")


class TestOneThatIsTooLate:
    async def held(self, database: Database) -> str:
        await Post(database).write(record(1, reminder(), tasks=(task(),)))
        [id] = await plan(database, "manager")
        return id

    async def test_it_is_withheld_and_says_so(self, database: Database) -> None:
        id = await self.held(database)
        await post(database).give_up(id, "too_late")
        assert (await reasons(database))["per_manager"] == ("withheld", "too_late")
        # A late attempt sends nothing.
        await post(database).send(id, None)
        assert await mails(database) == []

    async def test_one_that_was_refused_for_now_is_withheld_too(self, database: Database) -> None:
        id = await self.held(database)
        busy = replace(post(database), sender=Scripted([Transient("smtp_450")]))
        with pytest.raises(Transient):
            await busy.send(id, None)
        await busy.give_up(id, "too_late")
        assert (await reasons(database))["per_manager"] == ("withheld", "too_late")

    async def test_one_that_went_stays_as_it_is(self, database: Database) -> None:
        id = await self.held(database)
        await post(database).send(id, None)
        await post(database).give_up(id, "too_late")
        assert (await reasons(database))["per_manager"] == ("accepted", "")

    async def test_one_that_may_have_gone_is_unknown(self, database: Database) -> None:
        id = await self.held(database)
        dying = replace(post(database), sender=Scripted([Killed()]))
        with pytest.raises(Killed):
            await dying.send(id, None)
        await dying.give_up(id, "too_late")
        assert (await reasons(database))["per_manager"] == ("unknown", "interrupted")

    async def test_one_whose_sender_knows_that_it_did_not_go_is_withheld(
        self, database: Database
    ) -> None:
        id = await self.held(database)
        dying = replace(post(database), sender=Scripted([Killed()]))
        with pytest.raises(Killed):
            await dying.send(id, None)
        await post(database).give_up(id, "too_late")
        assert (await reasons(database))["per_manager"] == ("withheld", "too_late")


class TestTheMembers:
    async def test_every_contact_gets_one_in_the_first_week_of_a_month(
        self, database: Database
    ) -> None:
        await Post(database).write(OPENING)
        assert await run(database, "member", NOW) == []
        await run(database, "member", datetime(2027, 2, 1, 10, tzinfo=NOW.tzinfo))
        sent = await mails(database)
        assert {mail.to_email for mail in sent} == {
            "con_lead@example.org",
            "con_second@example.org",
        }
        assert all("What we are doing for you" in mail.text for mail in sent)

    async def test_complaint_9_reminders_are_collected_on_request_in_ones_own_language(
        self, database: Database
    ) -> None:
        """Complaint 9 (hypha#2709): one set of emails for all, and no way to have fewer."""
        await choose(database, "con_lead", reminders="digest", language="both")
        of = Post(database)
        mine = record(1, reminder("triage/early", "lead"), tasks=(task(owner="lead"),))
        await of.write(mine)
        await of.deliver(mine)
        assert (await of.states())["research.reminder", "con_lead"] == ("withheld", "in_digest")
        await run(database, "member")
        [mail] = await mails(database)
        assert mail.to_email == "con_lead@example.org"
        assert "For you to do" in mail.text
        assert "I chi ei wneud" in mail.text
        # It is done by the next week.
        await of.write(record(2, stage="scope"))
        assert await run(database, "member", NOW + timedelta(days=7)) == []

    async def test_complaint_9_a_recipient_who_opts_out_gets_no_summary_but_single_emails(
        self, database: Database
    ) -> None:
        """Complaint 9 (hypha#2709): no opt-out."""
        await choose(database, "con_lead", reminders="digest", digests=False)
        of = Post(database)
        await of.write(OPENING)
        await of.deliver(OPENING)
        assert (await of.states())["research.reminder", "con_lead"] == ("accepted", "")
        await run(database, "member", datetime(2027, 2, 1, 10, tzinfo=NOW.tzinfo))
        assert [one.kind for one in await mails(database) if one.to_email[:8] == "con_lead"] == [
            "research.reminder"
        ]

    @on_both
    async def test_it_waits_for_the_readers_day_and_for_the_members_hours(
        self, database: Database
    ) -> None:
        await Post(database).write(OPENING)
        monday = datetime(2027, 2, 1, 10, tzinfo=NOW.tzinfo)
        await choose(database, "con_lead", quiet_weekdays=[0])
        ids = await plan(database, "member", monday)
        waits = []
        for id in ids:
            try:
                await post(database, monday).send(id, None)
            except Quiet as refusal:
                waits.append(refusal.retry_after)
        assert waits == [timedelta(hours=23)]
        async with database.reading() as session:
            query = notifications.select().where(notifications.c.state == "reserved")
            [held] = [
                row
                for row in await session.execute(query)
                if row.recipient_id == "con_lead" and row.engagement_id is None
            ]
        night = monday.replace(hour=22)
        with pytest.raises(Transient):
            await post(database, night).send(held.id, None)
        await post(database, monday + timedelta(days=1)).send(held.id, None)
        assert len(await mails(database)) == 2


LINES = (Line("Do <this>", "Research request 3", "Tuesday 5 January 2027", "Ada", "Cardiff"),)
LETTER = {
    "to": "Ada",
    "member": "Cardiff",
    "programme": "Network",
    "office": "Office",
    "reply_to": "o@example.org",
    "item": "Network",
    "why": "Because.",
    "link": "https://o.example.org/go/engagements/eng_1",
    "unsubscribe": "https://o.example/u",
}
TEAM = TeamDigest(
    **LETTER, stuck=LINES, waiting=LINES, due=LINES, troubles=(Trouble("A", "B", "C."),)
)
MEMBER = MemberDigest(**LETTER, waiting=LINES, colleagues=LINES, ours=LINES, done=("Review 1",))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "letter"), [("digest.manager", TEAM), ("digest.member", MEMBER)])
def test_a_summary_that_went_through_json_renders_the_same_and_whole_in_both_parts(
    language: Language, kind: str, letter: TeamDigest | MemberDigest
) -> None:
    rendered = render(kind, letter, language)
    assert render_values(kind, json.loads(json.dumps(asdict(letter))), language) == rendered
    assert "Do &lt;this&gt;" in rendered.html
    for part in (rendered.text, rendered.html):
        for said in (LETTER["link"], LETTER["unsubscribe"], "Tuesday 5 January 2027"):
            assert said in part
    assert rendered.text.count("Do <this>") == 3
