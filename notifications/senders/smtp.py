"""SMTP: one connection an email, and a clear line behind which it may have been taken."""

import asyncio
import contextlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, localtime
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from notifications.senders.protocol import (
    UNSUBSCRIBE,
    Accepted,
    Email,
    Invitation,
    Permanent,
    Transient,
    Unknown,
    headings,
)

_PERMANENT = 500
"""Reply codes from here on are for good (RFC 5321, 4.2.1)."""

VERDICT_TIMEOUT = 600.0
"""Seconds for the answer to a whole message (RFC 5321, 4.5.3.2.6): some servers look through it for
minutes before they take it, and whoever hangs up earlier does not know whether they did."""


class Wire(EmailPolicy):
    """Headings as they travel. One that is a link stays whole: mail programs do not decode it, and
    Python would write it in a code once it is longer than a line."""

    def fold(self, name: str, value: str) -> str:
        """One heading, ready for the wire."""
        if name == UNSUBSCRIBE:
            return f"{name}: {value}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same as bytes."""
        if name == UNSUBSCRIBE:
            return self.fold(name, value).encode("ascii")
        folded: bytes = super().fold_binary(name, value)
        return folded


WIRE = Wire(linesep="\r\n")


class Smtp:
    """Hands emails to a mail server.

    Until the server has the whole message (the end of ``DATA``) nothing was taken, so any trouble
    may be tried again. If the line breaks after that, nobody knows: the answer is ``Unknown``.
    """

    name = "smtp"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: SecretStr | None = None,
        tls: Literal["none", "starttls", "tls"] = "none",
        timeout: float = 10.0,
        verdict_timeout: float = VERDICT_TIMEOUT,
    ) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password.get_secret_value() if password else ""
        self._tls = tls
        self._timeout = timeout
        self._verdict_timeout = verdict_timeout

    async def send(self, email: Email) -> Accepted:
        """Hand it over; the provider's id is its ``Message-ID``, which is the notification's."""
        try:
            message = to_message(email)
            content = message.as_bytes(policy=WIRE)
        except (ValueError, UnicodeError):
            raise Permanent("not_an_email") from None
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._tls == "tls",
            start_tls=self._tls == "starttls",
        )
        handed_over = False
        try:
            async with asyncio.timeout(self._timeout) as limit:
                await client.connect()
                await self._log_in(client)
                await client.mail(email.from_email)
                await client.rcpt(email.to_email)
                handed_over = True
                limit.reschedule(asyncio.get_running_loop().time() + self._verdict_timeout)
                await client.data(content, timeout=self._verdict_timeout)
        except aiosmtplib.SMTPResponseException as error:
            # The server said no in so many words. They may quote the address: the code has to do.
            if error.code >= _PERMANENT:
                raise Permanent(f"smtp_{error.code}") from None
            raise Transient(f"smtp_{error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            silent = isinstance(error, TimeoutError)
            if handed_over:
                raise Unknown("smtp_no_answer" if silent else "smtp_cut_off") from None
            raise Transient("smtp_no_answer" if silent else "smtp_unreachable") from None
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                client.close()
        return Accepted(str(message["Message-ID"]))

    async def recall(self, notification_id: str) -> Accepted | None:
        """A mail server keeps no account of what it took."""
        raise Unknown("interrupted")

    async def close(self) -> None:
        """No connection is kept."""

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        if not self._user:
            return
        try:
            await client.login(self._user, self._password)
        except aiosmtplib.SMTPAuthenticationError:
            # The operator's to mend, and no fault of this email: it waits.
            raise Transient("smtp_login_refused") from None


def to_message(email: Email) -> EmailMessage:
    """The message with both parts. Raises ``ValueError`` where a header cannot hold its value."""
    message = EmailMessage(policy=WIRE)
    message["Subject"] = email.subject
    message["From"] = Address(email.from_name, addr_spec=email.from_email)
    message["To"] = Address(email.to_name, addr_spec=email.to_email)
    if email.reply_to:
        message["Reply-To"] = Address(addr_spec=email.reply_to)
    message["Message-ID"] = message_id(email)
    message["Date"] = format_datetime(localtime())
    for name, value in headings(email).items():
        message[name] = value
    message.set_content(email.text, cte="quoted-printable")
    message.add_alternative(email.html, subtype="html", cte="quoted-printable")
    if email.invitation is not None:
        _invite(message, email.invitation)
    return message


def _invite(message: EmailMessage, invitation: Invitation) -> None:
    """The alternative is what mail clients act on; the attachment is for those that do not."""
    method = {"method": invitation.method}
    message.add_alternative(invitation.content, subtype="calendar", cte="base64", params=method)
    message.add_attachment(
        invitation.content.encode(),
        maintype="application",
        subtype="ics",
        filename=invitation.filename,
    )


def message_id(email: Email) -> str:
    """The same for each attempt, so that a mail server may notice a repeated email."""
    return f"<{email.notification_id}@{email.from_email.rpartition('@')[2]}>"
