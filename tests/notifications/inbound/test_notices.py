"""The emails about a reply: to the office, to a contact, and to a sender of files."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from notifications.inbound.taking import Outcome
from storage.sql import contacts, notifications
from storage.tables import MailboxMessage
from tests.notifications.inbound.test_taking import LENA, OURS, ROSA, Inbox
from tests.notifications.inbound.test_taking import inbox as inbox
from tests.notifications.office import Post, record
from tests.storage.fixtures import database_url as database_url

MAIR = "per_manager@example.org"


async def delivered(inbox: Inbox, outcome: Outcome) -> list[MailboxMessage]:
    """The emails about one reply, by the recipient's name."""
    post = Post(inbox.database)
    before = {mail.id for mail in await post.mails()}
    if outcome.tells is not None:
        at = outcome.tells.sequence
        await post.deliver(replace(record(1), item_id="itm_1", sequence=at))
    return sorted(
        (mail for mail in await post.mails() if mail.id not in before),
        key=lambda mail: (mail.to_name, mail.kind),
    )


def headers(number: int) -> str:
    return f"Message-ID: <{number}@mail.example.org>\n"


async def told_of(inbox: Inbox, person: str) -> str:
    """The office replies to the email about the last reply."""
    c = notifications.c
    async with inbox.database.reading() as session:
        query = (
            select(c.id)
            .where(c.kind == "reply.received", c.recipient_id == person)
            .order_by(c.sequence)
        )
        return OURS.address((await session.execute(query)).scalars().first() or "")


class TestTheOfficeAnswers:
    @pytest.mark.parametrize(
        ("person", "address", "name"),
        [("per_manager", MAIR, "Mair Evans"), ("per_researcher", ROSA, "Rosa Lind")],
    )
    async def test_it_reaches_the_contact_who_wrote_from_the_office_and_once(
        self, inbox: Inbox, person: str, address: str, name: str
    ) -> None:
        told = await delivered(inbox, await inbox.take("Four schools."))
        says = "If you reply to this email, your text goes to Lena Price."
        assert all(says in mail.text for mail in told)
        answer = {
            "from": f"{name} <{address}>",
            "to": await told_of(inbox, person),
            "headers": headers(2),
        }
        quoted = "Thank you, four is fine.\n\n> Four schools.\n> secret notes\n-- \nMy signature"
        outcome = await inbox.take(quoted, **answer)
        mails = await delivered(inbox, outcome)
        [passed] = [mail for mail in mails if mail.kind == "reply.passed_on"]
        assert passed.to_email == LENA
        assert passed.from_email == "office@example.org"
        assert f"{name} has answered" in passed.text
        assert "Thank you, four is fine." in passed.text
        for left_out in ("secret notes", "My signature", address):
            assert left_out not in passed.text + passed.html
        again = await inbox.take(quoted, **answer)
        assert (again.state, await delivered(inbox, again)) == ("repeated", [])
        # The colleague is told as usual, but not that a reply would be passed on.
        [other] = [mail for mail in mails if mail.kind == "reply.received"]
        assert "your text goes to" not in other.text

    async def test_the_fact_says_so_and_the_member_may_read_it(self, inbox: Inbox) -> None:
        await inbox.take("Four schools.")
        to = await told_of(inbox, "per_manager")
        await inbox.take("Fine.", **{"from": MAIR, "to": to, "headers": headers(2)})
        fact = next(one for one in await inbox.facts() if one.kind == "reply.passed_on")
        assert (fact.text, fact.data["contact"]) == ("Fine.", "con_lead")

    async def test_any_other_reply_of_the_office_stays_in_the_office(self, inbox: Inbox) -> None:
        # To another email, by a colleague, and by an unverified sender.
        outcome = await inbox.take("To the file.", **{"from": MAIR})
        assert "reply.passed_on" not in {mail.kind for mail in await delivered(inbox, outcome)}
        await inbox.take("Four schools.", headers=headers(2))
        mine = await told_of(inbox, "per_manager")
        for number, fields in enumerate(
            (
                {"from": ROSA, "to": mine},
                {"from": MAIR, "to": mine, "dkim": "none"},
                {"from": "someone@elsewhere.example.com", "to": mine},
            ),
            start=3,
        ):
            outcome = await inbox.take("Not for Lena.", headers=headers(number), **fields)
            assert outcome.state in ("taken", "unverified")
            for mail in await delivered(inbox, outcome):
                assert mail.kind == "reply.received"
                assert mail.to_email != LENA

    async def test_an_answer_to_a_colleagues_answer_is_not_passed_on(self, inbox: Inbox) -> None:
        await inbox.take("Internal.", **{"from": ROSA})
        to = await told_of(inbox, "per_manager")
        outcome = await inbox.take("So?", **{"from": MAIR, "to": to, "headers": headers(2)})
        assert [mail.kind for mail in await delivered(inbox, outcome)] == ["reply.received"]

    async def test_a_contact_who_has_left_gets_nothing(self, inbox: Inbox) -> None:
        await inbox.take("Four schools.")
        to = await told_of(inbox, "per_manager")
        async with inbox.database.transaction() as session:
            await session.execute(
                update(contacts).where(contacts.c.id == "con_lead").values(active=False)
            )
        outcome = await inbox.take("Fine.", **{"from": MAIR, "to": to, "headers": headers(2)})
        assert {mail.to_name for mail in await delivered(inbox, outcome)} == {"Rosa Lind"}
        assert ("reply.passed_on", "nobody") in await Post(inbox.database).states()


class TestFiles:
    async def test_the_sender_is_told_once_where_to_put_files(self, inbox: Inbox) -> None:
        mails = await delivered(inbox, await inbox.take(attachments="2"))
        [said] = [mail for mail in mails if mail.to_email == LENA]
        assert said.kind == "reply.files_left_out"
        assert said.subject == "Your files were left out: research request 1"
        assert "we left out 2 attachments" in said.text
        assert "send us the link" in said.text
        again = await delivered(inbox, await inbox.take(attachments="1", headers=headers(2)))
        assert LENA not in {mail.to_email for mail in again}

    @pytest.mark.parametrize(
        "fields",
        [
            {"headers": headers(1) + "Auto-Submitted: auto-replied\n"},
            {"headers": headers(1) + "Precedence: bulk\n"},
            {"envelope": '{"from": ""}'},
            {"from": "stranger@elsewhere.example.com"},
            {"dkim": "none"},
        ],
        ids=["automatic", "bulk", "bounce", "unknown", "unproven"],
    )
    async def test_no_email_goes_back_to_a_machine_or_unknown_sender(
        self, inbox: Inbox, fields: dict[str, str]
    ) -> None:
        mails = await delivered(inbox, await inbox.take(attachments="2", **fields))
        assert {mail.kind for mail in mails} <= {"reply.received"}
        assert all(mail.to_email in (MAIR, ROSA) for mail in mails)
