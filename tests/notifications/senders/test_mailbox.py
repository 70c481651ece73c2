"""The mailbox keeps each email once, and knows which it has."""

from dataclasses import replace

import pytest

from notifications.senders import Accepted, Transient, sender_for
from notifications.senders.mailbox import Mailbox
from notifications.senders.sendgrid import SendGrid
from notifications.senders.smtp import Smtp
from settings import Settings
from storage.database import Database
from tests.notifications.office import NOW, Post
from tests.notifications.senders.test_sendgrid import EMAIL
from tests.storage.fixtures import database_url as database_url


class TestMailbox:
    async def test_an_email_is_kept_whole(self, database: Database) -> None:
        await Mailbox(database, lambda: NOW).send(EMAIL)
        [mail] = await Post(database).mails()
        assert (mail.to_name, mail.to_email) == (EMAIL.to_name, EMAIL.to_email)
        assert (mail.subject, mail.text, mail.html) == (EMAIL.subject, EMAIL.text, EMAIL.html)
        assert mail.at == NOW

    async def test_the_same_notification_again_adds_nothing(self, database: Database) -> None:
        mailbox = Mailbox(database)
        first = await mailbox.send(EMAIL)
        again = await mailbox.send(replace(EMAIL, subject="Other words"))
        assert first == again == Accepted("mailbox:ntf_1")
        [mail] = await Post(database).mails()
        assert mail.subject == EMAIL.subject

    async def test_it_can_tell_what_it_has(self, database: Database) -> None:
        mailbox = Mailbox(database)
        assert await mailbox.recall("ntf_1") is None
        await mailbox.send(EMAIL)
        assert await mailbox.recall("ntf_1") == Accepted("mailbox:ntf_1")

    async def test_a_database_that_is_away_may_come_back_and_is_not_quoted(self) -> None:
        database = Database("postgresql+psycopg://milepost@127.0.0.1:1/none?connect_timeout=2")
        with pytest.raises(Transient) as raised:
            await Mailbox(database).send(EMAIL)
        assert str(raised.value) == "mailbox_unreachable"
        assert raised.value.__cause__ is None
        await database.dispose()


async def test_the_settings_choose_the_sender(database: Database) -> None:
    chosen = {}
    for name in ("mailbox", "smtp", "sendgrid"):
        sender = sender_for(Settings.model_validate({"sender": name}), database)
        chosen[name] = type(sender)
        assert sender.name == name
        await sender.close()
    assert chosen == {"mailbox": Mailbox, "smtp": Smtp, "sendgrid": SendGrid}
