"""No text can write headers of its own: what people type reaches the reader as they typed it.

Each test sends over real SMTP and reads what the mail server received.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from notifications.calendar.ical import Method
from notifications.custom_templates import keeping
from notifications.custom_templates.draft import Draft
from notifications.delivery.resolving import choices_of
from notifications.kinds import KINDS
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Invitation, Permanent, Transient
from notifications.senders.smtp import Smtp
from notifications.sentences import reason_sentence
from programmes.facts import Notice, Record
from storage.database import Database
from storage.queries.troubles import list_troubles
from storage.sql import contacts, members, people, programmes, texts
from tests.fakes.sendgrid import fake_sendgrid
from tests.notifications.office import IGN, NOW, Post, record, reminder, source, task
from tests.notifications.senders.test_sendgrid import EMAIL, sender
from tests.notifications.senders.test_smtp import Inbox, server
from tests.notifications.wire import HEADERS, person, read

FORGED = "=?utf-8?q?Hi=0D=0A=0D=0APay:_https://evil.example/x?="
"""An encoded word (RFC 2047): decoded, it holds an empty line, and so would start a new body."""
ALSO_FORGED = [
    FORGED,
    "=?utf-8?b?SGkNCkJjYzogYWxsQGV2aWwuZXhhbXBsZQ0K?=",
    "Hello =?us-ascii?Q?x=0ABcc:_all=40evil.example?= there",
    '"=?utf-8?q?a=0D=0AX-Evil:_1?=" <x@evil.example>, ',
    f"{FORGED} {FORGED}",
    "=?utf-8?q?a=0D=0AX-Evil:_1",
    "ŵ =?utf-8?q?a=0D=0AX-Evil:_1?=",
]


async def arrived(email: Email) -> bytes:
    """The email as the mail server received it."""
    inbox = Inbox()
    with server(inbox) as port:
        await Smtp("127.0.0.1", port, timeout=30).send(email)
    [raw] = inbox.raw
    assert read(raw).keys() == HEADERS
    return raw


Send = Callable[[Email], Awaitable[object]]


async def smtp(email: Email) -> None:
    with server(Inbox()) as port:
        await Smtp("127.0.0.1", port, timeout=30).send(email)


async def sendgrid(email: Email) -> None:
    async with fake_sendgrid() as fake:
        await sender(fake).send(email)


@pytest.mark.parametrize("text", ALSO_FORGED)
class TestEachHeader:
    async def test_a_subject_is_text(self, text: str) -> None:
        raw = await arrived(replace(EMAIL, subject=text))
        assert read(raw)["Subject"] == text.strip()

    async def test_the_name_of_a_recipient_is_text(self, text: str) -> None:
        raw = await arrived(replace(EMAIL, to_name=text))
        assert person(raw, "To") == (text.strip(), EMAIL.to_email)

    async def test_the_name_of_the_office_is_text(self, text: str) -> None:
        raw = await arrived(replace(EMAIL, from_name=text))
        assert person(raw, "From") == (text.strip(), EMAIL.from_email)

    async def test_it_is_no_address(self, text: str) -> None:
        for address in (text, f"{text}@example.org", f"{text} <x@example.org>"):
            for email in (replace(EMAIL, to_email=address), replace(EMAIL, reply_to=address)):
                with pytest.raises(Permanent, match="not_an_email"):
                    await arrived(email)
        with pytest.raises(Transient, match="smtp_from"):
            await arrived(replace(EMAIL, from_email=f"{text}@example.org"))


async def test_the_mailbox_shows_it_as_it_was_typed(database: Database) -> None:
    await Mailbox(database, lambda: NOW).send(replace(EMAIL, subject=FORGED, to_name=FORGED))
    [mail] = await Post(database).mails()
    assert (mail.subject, mail.to_name) == (FORGED, FORGED)


def agreed(action: str) -> Record:
    """A reminder of an action that was agreed in an advice session."""
    return record(
        1,
        Notice("action.reminder", ("lead",), rung="action:0/early", task="action:0", revision=1),
        tasks=(task("action:0", "lead", family="action"),),
        item="eng_1.advice.1",
        kind="advice",
        data={"action:0:text": action},
    )


class TestFromTheOffice:
    """From a row of the database to the mail server."""

    async def sent(self, database: Database, of: Record) -> bytes:
        inbox = Inbox()
        with server(inbox) as port:
            post = Post(database, Smtp("127.0.0.1", port, timeout=30))
            await post.write(of)
            await post.deliver(of)
            assert {state for state, _ in (await post.states()).values()} == {"accepted"}
        [raw] = inbox.raw
        assert read(raw).keys() == HEADERS
        return raw

    async def store(self, database: Database, statement: Any) -> None:
        async with database.transaction() as session:
            await session.execute(statement)

    async def test_a_member(self, database: Database) -> None:
        await self.store(database, update(members).values(name=FORGED))
        late = Notice("research.escalation", ("manager",), rung="triage/late", task="triage")
        raw = await self.sent(database, record(1, late, tasks=(task(),)))
        assert read(raw)["Subject"].startswith(f"{FORGED}, overdue: ")

    async def test_a_person(self, database: Database) -> None:
        await self.store(database, update(people).values(name=FORGED))
        raw = await self.sent(database, record(1, reminder(), tasks=(task(),)))
        assert person(raw, "To") == (FORGED, "per_manager@example.org")

    async def test_a_contact_with_an_address_in_welsh(self, database: Database) -> None:
        lead = contacts.c.id == "con_lead"
        welsh = {"name": FORGED, "email": "lena@sir-gâr.llyw.cymru"}
        await self.store(database, update(contacts).where(lead).values(**welsh))
        raw = await self.sent(database, agreed("txt_request"))
        assert person(raw, "To") == (FORGED, "lena@xn--sir-gr-0ta.llyw.cymru")

    async def test_a_programme(self, database: Database) -> None:
        for title in ("Inclusive Growth Network", "Rhwydwaith Twf Cynhwysol"):
            assert title in source()
        forged = source().replace("Inclusive Growth Network", f"'{FORGED}'")
        await self.store(database, update(programmes).values(source=forged, title=FORGED))
        one = record(
            1,
            Notice("engagement.welcome", ("lead",), rung="#1"),
            item="eng_1",
            kind="onboarding",
        )
        raw = await self.sent(database, one)
        assert read(raw)["Subject"] == f"Welcome to {FORGED}"
        assert person(raw, "From")[0] == FORGED

    async def test_an_agreed_action(self, database: Database) -> None:
        await self.store(
            database, update(texts).where(texts.c.id == "txt_request").values(body=FORGED)
        )
        raw = await self.sent(database, agreed("txt_request"))
        assert FORGED in read(raw)["Subject"]

    async def test_a_template(self, database: Database) -> None:
        async with database.transaction() as session:
            draft, kind = Draft(subject=FORGED), KINDS["research.reminder"]
            await keeping.put(session, "per_manager", NOW, IGN, kind, "en", draft, activate=True)
        raw = await self.sent(database, record(1, reminder(), tasks=(task(),)))
        assert read(raw)["Subject"] == FORGED


class Faulty(Smtp):
    """A sender that a fault of ours gives a link with a line end."""

    async def send(self, email: Email) -> Accepted:
        return await super().send(replace(email, unsubscribe="https://o\r\nBcc: x@evil.example"))


class TestUnsafeHeaders:
    """What the writing of headers cannot make safe does not leave, and a person hears of it."""

    async def test_it_becomes_a_task_for_a_person_and_is_not_tried_again(
        self, database: Database
    ) -> None:
        inbox, one = Inbox(), record(1, reminder(), tasks=(task(),))
        with server(inbox) as port, capture_logs() as logs:
            post = Post(database, Faulty("127.0.0.1", port, timeout=30))
            await post.write(one)
            await post.deliver(one)
            await post.deliver(one)
        assert inbox.raw == []
        assert await post.outcomes() == ["permanent"]
        async with database.reading() as session:
            [trouble] = (await list_troubles(session, NOW, timedelta(hours=2))).rows
        assert (trouble.state, trouble.reason) == ("failed", "unsafe_headers")
        assert choices_of(trouble.state, trouble.reason) == ("send_again", "dismiss")
        assert "Tell the operator of Milepost" in reason_sentence(trouble.reason)
        assert (
            "Milepost" in reason_sentence(trouble.reason, "cy") != reason_sentence(trouble.reason)
        )
        [said] = [log for log in logs if log["event"] == "unsafe_headers"]
        assert said["where"] == "List-Unsubscribe"
        assert "evil" not in str(said)

    @pytest.mark.parametrize("send", [smtp, sendgrid])
    async def test_each_sender_refuses_it_for_good(self, send: Send) -> None:
        content = "BEGIN:VCALENDAR\r\n"
        method = Invitation(cast(Method, "REQUEST\r\nX: 1"), content)
        for bad in (replace(EMAIL, unsubscribe="https://o/ŵ"), replace(EMAIL, invitation=method)):
            with pytest.raises(Permanent, match="unsafe_headers"), capture_logs():
                await send(bad)
