"""A reply is on the timeline once, its team is told, and no doubt loses it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from notifications.inbound.address import ReplyAddresses
from notifications.inbound.message import Incoming, incoming
from notifications.inbound.taking import Outcome, take
from programmes.facts import Notice
from storage.database import Database
from storage.inbound import mark_told, untold
from storage.queries.timeline import TimelineRow, timeline
from storage.sql import inbound_messages, notifications
from tests.notifications.fixtures import on_both
from tests.notifications.office import NOW, Post, record, task

OURS = ReplyAddresses("a secret", "replies.example.org")
LENA = "con_lead@example.org"
ROSA = "per_researcher@example.org"


class Inbox:
    """An office whose lead was asked a question about a request that Rosa works on."""

    def __init__(self, database: Database, asked: str) -> None:
        self.database = database
        self.asked = asked

    async def take(self, text: str = "Four schools.", **fields: str) -> Outcome:
        return await take(self.database, OURS, self.email(text, **fields), NOW)

    def email(self, text: str = "Four schools.", **fields: str) -> Incoming:
        given = {
            "headers": "Message-ID: <1@mail.example.org>\n",
            "from": f"Lena Price <{LENA}>",
            "to": OURS.address(self.asked),
            "text": text,
            "dkim": "{@example.org : pass}",
            **fields,
        }
        return incoming(given, 0)

    async def facts(self) -> list[TimelineRow]:
        async with self.database.reading() as session:
            rows = (await timeline(session, "eng_1")).rows
        return [row for row in rows if row.kind.startswith("reply.") and row.entry == "event"]

    async def told(self) -> set[str]:
        c = notifications.c
        async with self.database.reading() as session:
            rows = await session.execute(select(c.recipient_id).where(c.kind == "reply.received"))
            return set(rows.scalars())

    async def kept(self) -> list[Any]:
        async with self.database.reading() as session:
            return list((await session.execute(inbound_messages.select())).all())


@pytest.fixture
async def inbox(database: Database) -> Inbox:
    post = Post(database)
    question = record(
        1,
        Notice("research.question", ("lead",), rung="#1", task="answer", revision=1),
        tasks=(task("answer", "lead"),),
        stage="answer",
        assignee="per_researcher",
    )
    await post.write(question)
    async with database.reading() as session:
        [asked] = (await session.execute(select(notifications.c.id))).scalars()
    return Inbox(database, asked)


async def test_an_answer_is_on_the_timeline_and_told(inbox: Inbox) -> None:
    outcome = await inbox.take("Four schools.\n\n> How many schools?\n")
    assert outcome.state == "taken"
    [fact] = await inbox.facts()
    assert (fact.kind, fact.text, fact.item_id) == ("reply.received", "Four schools.", "itm_1")
    assert fact.who is not None
    assert fact.who.id == "con_lead"
    assert await inbox.told() == {"per_manager", "per_researcher"}
    [kept] = await inbox.kept()
    assert (kept.state, kept.sender_id, kept.sequence) == ("taken", "con_lead", -1)
    assert "example.org" not in str(kept)


async def test_it_leaves_as_an_email_to_those_who_look_after_it(inbox: Inbox) -> None:
    outcome = await inbox.take()
    assert outcome.tells is not None
    post = Post(inbox.database)
    told = replace(record(1), item_id="itm_1", sequence=outcome.tells.sequence)
    await post.deliver(told)
    mails = await post.mails()
    assert {mail.to_name for mail in mails} == {"Mair Evans", "Rosa Lind"}
    for mail in mails:
        assert mail.subject == "Lena Price has replied by email: research request 1"
        assert "Four schools." in mail.text


@on_both
async def test_the_same_email_again_adds_nothing(inbox: Inbox) -> None:
    await inbox.take()
    assert (await inbox.take()).state == "repeated"
    assert len(await inbox.facts()) == len(await inbox.kept()) == 1


@on_both
async def test_two_at_once_are_taken_one_by_one(inbox: Inbox) -> None:
    outcomes = await asyncio.gather(
        *(inbox.take(headers=f"Message-ID: <{n % 3}@mail.example.org>\n") for n in range(6))
    )
    assert sorted(one.state for one in outcomes) == ["repeated"] * 3 + ["taken"] * 3
    assert sorted(kept.sequence for kept in await inbox.kept()) == [-3, -2, -1]


async def test_a_person_of_the_office_may_answer_and_is_not_told_of_it(inbox: Inbox) -> None:
    await inbox.take(**{"from": f"Rosa <{ROSA.upper()}>"})
    assert await inbox.told() == {"per_manager"}


async def test_a_reply_from_an_unknown_sender_goes_to_the_manager_in_full(inbox: Inbox) -> None:
    outcome = await inbox.take(**{"from": '"Lena Price" <lena@elsewhere.example.com>'})
    assert (outcome.state, outcome.reason) == ("unverified", "unknown_sender")
    [fact] = await inbox.facts()
    assert (fact.kind, fact.text) == ("reply.unverified", "Four schools.")
    assert await inbox.told() == {"per_manager"}
    assert outcome.tells is not None
    post = Post(inbox.database)
    await post.deliver(replace(record(1), item_id="itm_1", sequence=outcome.tells.sequence))
    [mail] = await post.mails()
    assert "lena@elsewhere.example.com" in mail.text
    assert "not on record" in mail.text


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ("con_gone@example.org", "unknown_sender"),
        (f"{LENA}, {ROSA}", "unknown_sender"),
        ("", "unknown_sender"),
    ],
)
async def test_a_sender_who_left_or_is_ambiguous_is_unverified(
    inbox: Inbox, sender: str, reason: str
) -> None:
    assert (await inbox.take(**{"from": sender})).reason == reason


@pytest.mark.parametrize(
    "judged",
    [
        {"SPF": "fail", "dkim": "none"},
        {"SPF": "none", "dkim": "none"},
        {"SPF": "", "dkim": ""},
        {"SPF": "pass", "envelope": '{"from": "x@evil.test"}', "dkim": "{@evil.test : pass}"},
    ],
    ids=str,
)
async def test_a_known_address_without_proof_is_unverified(
    judged: dict[str, str], inbox: Inbox
) -> None:
    outcome = await inbox.take(**judged)
    assert (outcome.state, outcome.reason) == ("unverified", "not_authentic")
    assert (await inbox.facts())[0].data == {"reason": "not_authentic"}
    assert await inbox.told() == {"per_manager"}


async def test_attachments_are_left_out_and_counted(inbox: Inbox) -> None:
    outcome = await inbox.take(attachments="2")
    assert (await inbox.facts())[0].data == {"attachments": "2"}
    assert outcome.tells is not None
    post = Post(inbox.database)
    await post.deliver(replace(record(1), item_id="itm_1", sequence=outcome.tells.sequence))
    told = [mail for mail in await post.mails() if mail.kind == "reply.received"]
    assert len(told) == 2
    assert all("We left out 2 attachments" in mail.text for mail in told)


async def test_only_files_are_an_answer_too(inbox: Inbox) -> None:
    assert (await inbox.take("", attachments="1")).state == "taken"
    assert (await inbox.facts())[0].text is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"headers": "Auto-Submitted: auto-replied\n"}, "auto_reply"),
        ({"headers": "Precedence: bulk\n"}, "bulk_mail"),
        ({"envelope": '{"from": ""}'}, "bounce"),
        ({"text": " \n "}, "empty"),
        ({"to": "reply+made-up@replies.example.org"}, "no_address"),
        ({"to": OURS.address("ntf_nowhere")}, "no_address"),
    ],
)
async def test_an_ignored_email_is_stored_with_its_reason(
    inbox: Inbox, fields: dict[str, str], reason: str
) -> None:
    outcome = await inbox.take(**{"text": "Yes.", **fields})
    assert (outcome.state, outcome.reason, outcome.tells) == ("ignored", reason, None)
    assert await inbox.facts() == []
    assert [(kept.state, kept.reason) for kept in await inbox.kept()] == [("ignored", reason)]


async def test_html_alone_is_read(inbox: Inbox) -> None:
    await inbox.take("", html="<p>Four <b>schools</b>.</p><script>x</script>")
    assert (await inbox.facts())[0].text == "Four schools."


@on_both
async def test_an_undelivered_notice_is_found_until_it_is_delivered(inbox: Inbox) -> None:
    outcome = await inbox.take()
    async with inbox.database.reading() as session:
        assert await untold(session) == (outcome.tells,)
    assert outcome.tells is not None
    async with inbox.database.transaction() as session:
        await mark_told(session, outcome.tells.id, NOW)
        assert await untold(session) == ()


async def test_the_workflows_own_facts_are_not_disturbed(inbox: Inbox) -> None:
    await inbox.take()
    post = Post(inbox.database)
    assert await post.write(record(2, stage="triage")) == [0]
    await inbox.take(headers="Message-ID: <2@mail.example.org>\n")
    async with inbox.database.reading() as session:
        kinds = [row.kind for row in (await timeline(session, "eng_1")).rows if not row.state]
    assert kinds.count("research.submitted") == 2
    assert kinds.count("reply.received") == 2


async def test_a_reply_at_night_causes_an_email_in_the_morning(inbox: Inbox) -> None:
    night = NOW + timedelta(hours=12)
    outcome = await take(inbox.database, OURS, inbox.email(), night)
    assert outcome.tells is not None
    assert outcome.tells.not_before == datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
    async with inbox.database.reading() as session:
        assert await untold(session) == (outcome.tells,)
