"""Each sender sends the calendar part so that email programs act on it."""

from base64 import b64decode
from dataclasses import replace
from email.message import MIMEPart
from typing import Any

from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Invitation
from notifications.senders.smtp import Smtp
from storage.database import Database
from tests.fakes.sendgrid import fake_sendgrid
from tests.notifications.office import NOW, Post
from tests.notifications.senders.test_sendgrid import EMAIL, sender
from tests.notifications.senders.test_smtp import Inbox, server
from tests.storage.fixtures import database_url as database_url

CONTENT = "BEGIN:VCALENDAR\r\nSUMMARY:Sesiwn gynghori: Siân\r\nEND:VCALENDAR\r\n"
INVITING = replace(EMAIL, invitation=Invitation("REQUEST", CONTENT))


def types(message: MIMEPart) -> list[Any]:
    """The tree of a message's parts."""
    if not message.is_multipart():
        return [message.get_content_type()]
    parts = [kind for part in message.iter_parts() for kind in types(part)]
    return [message.get_content_type(), parts]


async def test_the_mailbox_keeps_it(database: Database) -> None:
    await Mailbox(database, lambda: NOW).send(INVITING)
    [mail] = await Post(database).mails()
    assert (mail.calendar_method, mail.calendar) == ("REQUEST", CONTENT)


async def test_by_smtp_it_is_an_alternative_with_its_method_and_a_file() -> None:
    inbox = Inbox()
    with server(inbox) as port:
        await Smtp("127.0.0.1", port, timeout=30).send(INVITING)
    [message] = inbox.taken
    assert types(message) == [
        "multipart/mixed",
        [
            "multipart/alternative",
            ["text/plain", "text/html", "text/calendar"],
            "application/ics",
        ],
    ]
    [calendar] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert calendar["content-type"].params["method"] == "REQUEST"
    assert calendar["content-type"].params["charset"] == "utf-8"
    assert b64decode(str(calendar.get_payload())) == CONTENT.encode()
    [file] = message.iter_attachments()
    assert file.get_filename() == "invite.ics"
    assert file.get_content() == CONTENT.encode()


async def test_by_sendgrid_it_is_a_content_with_its_method_and_a_file() -> None:
    async with fake_sendgrid() as fake:
        sendgrid = sender(fake)
        await sendgrid.send(INVITING)
        await sendgrid.close()
    [request] = fake.taken
    assert request.body["content"][2] == {
        "type": "text/calendar; method=REQUEST",
        "value": CONTENT,
    }
    assert [part["type"] for part in request.body["content"][:2]] == ["text/plain", "text/html"]
    [file] = request.body["attachments"]
    assert b64decode(file.pop("content")) == CONTENT.encode()
    assert file == {
        "filename": "invite.ics",
        "type": "application/ics",
        "disposition": "attachment",
    }
