"""Machines that answer each other are stopped, and no person's reply is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from activities.deliver import Courier
from activities.inputs import DeliverInput
from notifications.inbound.message import incoming
from notifications.inbound.taking import Outcome, take
from notifications.senders.protocol import Email
from programmes.facts import Notice
from storage.database import Database
from storage.sql import notifications
from tests.notifications.inbound.test_taking import LENA, OURS
from tests.notifications.inbound.test_taking import Inbox as Answers
from tests.notifications.office import NOW, SETTINGS, Post, record
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

TICKETS = "tickets@backend.example"


class Inbox(Answers):
    """The same, with emails that really leave, and answers that come one after the other."""

    def __init__(self, database: Database, asked: str) -> None:
        super().__init__(database, asked)
        self.sender = Scripted()
        self.came = 0

    async def one(self, sender: str = TICKETS, to: str = "", *, minutes: float = 0) -> Outcome:
        self.came += 1
        fields = {
            "headers": f"Message-ID: <{self.came}@backend.example>\n",
            "from": sender,
            "to": to or OURS.address(self.asked),
            "text": f"Thank you for your email no. {self.came}.",
            "dkim": "{@example.org : pass}",
        }
        return await take(
            self.database, OURS, incoming(fields, 0), NOW + timedelta(minutes=minutes)
        )

    async def leave(self, outcome: Outcome) -> list[Email]:
        """The emails that tell of an answer."""
        assert outcome.tells is not None
        courier = Courier(self.database, self.sender, SETTINGS, lambda: NOW, OURS)
        told = replace(record(1), sequence=outcome.tells.sequence)
        before = len(self.sender.taken)
        await courier.deliver(DeliverInput(told.engagement_id, told.item_id, told.sequence))
        return self.sender.taken[before:]


@pytest.fixture
async def inbox(database: Database) -> Inbox:
    post = Post(database)
    await post.write(record(1, Notice("research.received", ("lead",))))
    async with database.reading() as session:
        [asked] = (await session.execute(select(notifications.c.id))).scalars()
    return Inbox(database, asked)


async def test_an_email_about_an_unverified_reply_has_no_reply_address(inbox: Inbox) -> None:
    [told] = await inbox.leave(await inbox.one())
    assert told.reply_to
    assert OURS.first([told.reply_to]) is None


async def test_an_email_about_a_contacts_reply_has_a_reply_address(inbox: Inbox) -> None:
    [told] = await inbox.leave(await inbox.one(LENA))
    assert OURS.first([told.reply_to]) == told.notification_id


async def test_a_machine_that_acknowledges_everything_comes_to_an_end(inbox: Inbox) -> None:
    """Even one that ignores the address to answer to, and writes to the first one for ever."""
    outcomes = [await inbox.one(minutes=n) for n in range(12)]
    assert [one.state for one in outcomes] == ["unverified"] * 5 + ["ignored"] * 7
    assert {(one.reason, one.tells) for one in outcomes[5:]} == {("too_many", None)}
    kinds = [fact.kind for fact in await inbox.facts()]
    assert kinds.count("reply.unverified") == 5
    assert kinds.count("reply.too_many") == 1
    assert [kept.reason for kept in await inbox.kept()].count("too_many") == 7
    assert await inbox.told() == {"per_manager"}


async def test_a_contacts_reply_is_taken_meanwhile(inbox: Inbox) -> None:
    for n in range(8):
        await inbox.one(minutes=n)
    outcome = await inbox.one(LENA, minutes=9)
    assert outcome.state == "taken"
    assert outcome.tells is not None


async def test_an_hour_later_replies_cause_emails_again(inbox: Inbox) -> None:
    for n in range(8):
        await inbox.one(minutes=n)
    assert (await inbox.one(minutes=59)).state == "ignored"
    assert (await inbox.one(minutes=65)).state == "unverified"


async def test_the_same_email_again_is_ignored(inbox: Inbox) -> None:
    for n in range(7):
        await inbox.one(minutes=n)
    before = len(await inbox.facts())
    inbox.came -= 1
    assert (await inbox.one(minutes=70)).state == "repeated"
    assert len(await inbox.facts()) == before


async def test_known_machines_stay_on_the_timeline_without_emails(inbox: Inbox) -> None:
    """Nothing that a contact wrote is lost: only the emails about it end."""
    outcomes = [await inbox.one(LENA, minutes=n) for n in range(23)]
    assert {one.state for one in outcomes} == {"taken"}
    assert [one.tells is not None for one in outcomes] == [True] * 20 + [False] * 3
    kinds = [fact.kind for fact in await inbox.facts()]
    assert kinds.count("reply.received") == 23
    assert kinds.count("reply.too_many") == 1
