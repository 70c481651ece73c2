"""SMTP against a real local server that refuses, falls silent, and cuts the line."""

import asyncio
import email
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import SecretStr

from notifications.senders.message import message_id
from notifications.senders.protocol import Email, Permanent, Transient, Unknown
from notifications.senders.smtp import Smtp
from tests.fakes.loopback import listening
from tests.notifications.senders.test_sendgrid import EMAIL


class Inbox:
    """Takes emails, unless it is told what to say instead."""

    def __init__(self, *, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt = rcpt
        self.data = data
        self.taken: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[tuple[str | None, list[str]]] = []

    async def handle_RCPT(
        self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _s: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.raw.append(content)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            message = email.message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
        return self.data


@contextmanager
def server(inbox: Inbox, **options: Any) -> Iterator[int]:
    """A mail server on a free port; gives the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@asynccontextmanager
async def scripted(*replies: bytes | None, greeting: bytes = b"220 ready") -> AsyncIterator[int]:
    """A mail server that answers line by line; ``None`` is silence, and after the last it hangs up.

    After a reply that starts with 354 it reads up to the closing dot.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting + b"\r\n")
        for reply in replies:
            await reader.readline()
            if reply is None:
                await asyncio.Event().wait()
                return
            writer.write(reply + b"\r\n")
            if reply.startswith(b"354"):
                await reader.readuntil(b"\r\n.\r\n")
                if reply is replies[-1]:
                    return

    async with listening(talk) as port:
        yield port


def to(port: int, **options: Any) -> Smtp:
    return Smtp("127.0.0.1", port, **{"timeout": 5.0, **options})


class TestSend:
    async def test_the_email_arrives_whole(self) -> None:
        inbox = Inbox()
        with server(inbox) as port:
            accepted = await to(port).send(EMAIL)
        [message] = inbox.taken
        assert message["To"].addresses[0].display_name == EMAIL.to_name
        assert message["To"].addresses[0].addr_spec == EMAIL.to_email
        assert message["From"].addresses[0].addr_spec == EMAIL.from_email
        assert message["Reply-To"] == "help@example.org"
        assert message["Subject"] == EMAIL.subject
        assert message["Auto-Submitted"] == "auto-generated"
        assert [part.get_content_type() for part in message.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        assert message["Message-ID"] == "<ntf_1@example.org>" == accepted.provider_id

    async def test_each_attempt_has_the_same_message_id(self) -> None:
        assert message_id(EMAIL) == message_id(replace(EMAIL, attempt=2))

    async def test_an_unknown_address_is_refused_for_good(self) -> None:
        with (
            server(Inbox(rcpt="550 no such user zoe@example.org")) as port,
            pytest.raises(Permanent, match="smtp_550"),
        ):
            await to(port).send(EMAIL)

    async def test_a_server_that_is_busy_may_be_tried_again(self) -> None:
        for inbox in (Inbox(rcpt="450 greylisted"), Inbox(data="451 disk full")):
            with server(inbox) as port, pytest.raises(Transient, match=r"^smtp_45\d$"):
                await to(port).send(EMAIL)

    async def test_a_message_that_is_refused_after_all_is_refused_for_good(self) -> None:
        with server(Inbox(data="554 spam")) as port, pytest.raises(Permanent, match="smtp_554"):
            await to(port).send(EMAIL)

    async def test_a_server_that_is_not_there_may_be_tried_again(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(Transient, match="smtp_unreachable"):
                await to(taken.getsockname()[1]).send(EMAIL)

    async def test_a_line_that_is_cut_before_the_message_may_be_tried_again(self) -> None:
        async with scripted(b"250 hello", b"250 from") as port:
            with pytest.raises(Transient, match="smtp_unreachable"):
                await to(port).send(EMAIL)

    async def test_silence_before_the_message_may_be_tried_again(self) -> None:
        async with scripted(b"250 hello", None) as port:
            with pytest.raises(Transient, match="smtp_no_answer"):
                await to(port, timeout=0.3).send(EMAIL)

    async def test_a_line_that_is_cut_after_the_message_leaves_it_unknown(self) -> None:
        async with scripted(b"250 hello", b"250 from", b"250 to", b"354 go on") as port:
            with pytest.raises(Unknown, match="smtp_cut_off"):
                await to(port).send(EMAIL)

    async def test_silence_after_the_message_leaves_it_unknown(self) -> None:
        async with scripted(b"250 hello", b"250 from", b"250 to", b"354 go on", None) as port:
            with pytest.raises(Unknown, match="smtp_no_answer"):
                await to(port, verdict_timeout=0.3).send(EMAIL)

    async def test_a_server_that_takes_its_time_over_the_message_is_waited_for(self) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 ready\r\n")
            for reply in (b"250 hello", b"250 from", b"250 to", b"354 go on"):
                await reader.readline()
                writer.write(reply + b"\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            # It looks for viruses, for longer than all the rest may take.
            await asyncio.sleep(2.5)
            writer.write(b"250 taken\r\n")
            await writer.drain()

        async with listening(talk) as port:
            accepted = await to(port, timeout=2.0, verdict_timeout=30.0).send(EMAIL)
        assert accepted.provider_id == "<ntf_1@example.org>"

    async def test_an_address_that_cannot_be_a_header_fails_alone(self) -> None:
        broken = Email(**{**vars(EMAIL), "reply_to": "zoe@example.org\r\nBcc: all@example.org"})
        with pytest.raises(Permanent, match="not_an_email"):
            await to(1).send(broken)

    @pytest.mark.parametrize(
        ("replies", "reason"),
        [
            ((b"554 no service here",), "smtp_greeting_554"),
            ((b"220 ready", b"550 bad name", b"550 bad name"), "smtp_greeting_550"),
            ((b"220 ready", b"250 hello", b"530 Authentication required"), "smtp_login_wanted"),
            ((b"220 ready", b"250 hello", b"550 5.7.1 not from there"), "smtp_sender_550"),
            (
                (b"220 ready", b"250 hello", b"250 from", b"530 Must issue STARTTLS"),
                "smtp_login_wanted",
            ),
            (
                (
                    b"220 ready",
                    b"250 hello",
                    b"250 from",
                    b"554 5.7.1 <z@e.org>: Relay access denied",
                ),
                "smtp_relay_554",
            ),
        ],
    )
    async def test_what_concerns_our_set_up_waits_until_it_is_fixed(
        self, replies: tuple[bytes, ...], reason: str
    ) -> None:
        greeting, *rest = replies
        async with scripted(*rest, greeting=greeting) as port:
            with pytest.raises(Transient) as raised:
                await to(port).send(EMAIL)
        assert raised.value.reason == reason

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"user": "us", "password": SecretStr("x")}, "smtp_login_refused"),
            ({"tls": "starttls"}, "smtp_tls"),
            ({"tls": "tls"}, "smtp_tls"),
        ],
    )
    async def test_a_server_without_what_we_are_told_to_use_is_waited_for(
        self, options: dict[str, Any], reason: str
    ) -> None:
        with server(Inbox()) as port, pytest.raises(Transient) as raised:
            await to(port, **options).send(EMAIL)
        assert raised.value.reason == reason

    @pytest.mark.parametrize("address", ["zoë@example.org", "zoe", "a@b@c", "", "zoe@ex ämple.org"])
    async def test_an_address_that_is_none_fails_alone_unless_it_is_ours(
        self, address: str
    ) -> None:
        with server(Inbox()) as port:
            with pytest.raises(Permanent, match="not_an_email"):
                await to(port).send(replace(EMAIL, to_email=address))
            with pytest.raises(Transient, match="smtp_from"):
                await to(port).send(replace(EMAIL, from_email=address))

    async def test_the_domain_of_an_address_travels_in_ascii(self) -> None:
        inbox = Inbox()
        welsh = replace(EMAIL, to_email="zoe@sir-gâr.cymru", from_email="office@sir-gâr.cymru")
        with server(inbox) as port:
            accepted = await to(port).send(welsh)
        assert inbox.envelopes == [("office@xn--sir-gr-0ta.cymru", ["zoe@xn--sir-gr-0ta.cymru"])]
        assert accepted.provider_id == "<ntf_1@xn--sir-gr-0ta.cymru>"

    async def test_it_logs_in_where_it_is_told_to_and_waits_if_that_is_refused(self) -> None:
        def check(_s: SMTP, _session: Session, _e: Envelope, _m: str, data: Any) -> AuthResult:
            return AuthResult(success=data.password == b"right", handled=False)

        inbox = Inbox()
        options = {"authenticator": check, "auth_require_tls": False}
        with server(inbox, **options) as port:
            await to(port, user="milepost", password=SecretStr("right")).send(EMAIL)
            with pytest.raises(Transient, match="smtp_login_refused"):
                await to(port, user="milepost", password=SecretStr("wrong")).send(EMAIL)
        assert len(inbox.taken) == 1

    async def test_it_cannot_tell_what_became_of_a_cut_off_attempt(self) -> None:
        with pytest.raises(Unknown):
            await to(1).recall("ntf_1")
