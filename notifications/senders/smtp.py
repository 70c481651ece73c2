"""SMTP: one connection an email, and a clear line behind which it may have been taken."""

import asyncio
import contextlib
import ssl
from typing import Literal

import aiosmtplib
import structlog
from pydantic import SecretStr

from notifications.senders.headers import NoAddress, UnsafeHeaders, ascii_address
from notifications.senders.message import message_id, to_bytes
from notifications.senders.protocol import (
    Accepted,
    Email,
    Permanent,
    Refusal,
    Transient,
    Unknown,
)

log = structlog.get_logger(__name__)

_PERMANENT = 500
"""Reply codes from here on are for good (RFC 5321, 4.2.1)."""

_LOG_IN_FIRST = frozenset({530, 534, 538})
"""It wants a login, or TLS before it (RFC 4954, 6; RFC 3207, 4); some say so late."""

Step = Literal["greeting", "tls", "login", "sender", "recipient", "message"]
"""How far a conversation has come."""

_NOT_OFFERED: dict[Step, str] = {"tls": "smtp_tls", "login": "smtp_login_refused"}

VERDICT_TIMEOUT = 600.0
"""Seconds for the answer to a whole message (RFC 5321, 4.5.3.2.6). Some servers look through it for
minutes before they take it. A sender that hangs up earlier cannot know whether they did."""


class Smtp:
    """Hands emails to a mail server.

    Until the server has the whole message (the end of ``DATA``) nothing was taken, so any trouble
    may be tried again. If the line breaks after that, the answer is ``Unknown``.
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
        content = _on_paper(email)
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._tls == "tls",
            start_tls=False,
        )
        step: Step = "greeting"
        try:
            async with asyncio.timeout(self._timeout) as limit:
                await client.connect()
                if self._tls == "starttls":
                    step = "tls"
                    await client.starttls()
                if self._user:
                    step = "login"
                    await client.login(self._user, self._password)
                step = "sender"
                await client.mail(ascii_address(email.from_email))
                step = "recipient"
                await client.rcpt(ascii_address(email.to_email))
                step = "message"
                limit.reschedule(asyncio.get_running_loop().time() + self._verdict_timeout)
                await client.data(content, timeout=self._verdict_timeout)
        except (aiosmtplib.SMTPException, OSError, ValueError, OverflowError) as error:
            raise judge(step, error) from None
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                client.close()
        return Accepted(message_id(email))

    async def recall(self, notification_id: str) -> Accepted | None:
        """A mail server keeps no account of what it took."""
        raise Unknown("interrupted")

    async def close(self) -> None:
        """No connection is kept."""


def judge(step: Step, error: Exception) -> Refusal:
    """What it means for an email that the conversation ended so, at that step.

    Only what is answered to the recipient or the message can be about this email. Anything earlier
    concerns how we are set up, and holds for every email: these wait until the operator fixes it.
    The server's words may quote an address, so its code has to do.
    """
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Transient("smtp_tls")
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Transient("smtp_login_refused")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        # The package greets as late as with the first command that needs it.
        greets = isinstance(error, aiosmtplib.SMTPHeloError)
        return _refused("greeting" if greets else step, error.code, error.message)
    if isinstance(error, UnicodeError):
        # An address, or the server's name, has letters that a command cannot hold.
        return Permanent("not_an_email") if step == "recipient" else Transient("smtp_unreachable")
    silent = isinstance(error, TimeoutError)
    if step == "message":
        return Unknown("smtp_no_answer" if silent else "smtp_cut_off")
    if silent:
        return Transient("smtp_no_answer")
    if isinstance(error, OSError):
        return Transient("smtp_unreachable")
    # The package's own: the server does not offer what we are told to use.
    return Transient(_NOT_OFFERED.get(step, "smtp_unreachable"))


def _refused(step: Step, code: int, words: str) -> Refusal:
    if code < _PERMANENT:
        return Transient(f"smtp_{code}")
    if code in _LOG_IN_FIRST:
        return Transient("smtp_login_wanted")
    if step not in ("recipient", "message"):
        return Transient(f"smtp_{'sender' if step == 'sender' else 'greeting'}_{code}")
    if step == "recipient" and "relay" in words.lower():
        return Transient(f"smtp_relay_{code}")
    return Permanent(f"smtp_{code}")


def _on_paper(email: Email) -> bytes:
    """The email as it travels. Raises ``Transient`` where our own address is at fault, so that all
    emails wait until it is corrected, and ``Permanent`` where this one is."""
    try:
        ascii_address(email.from_email)
    except NoAddress:
        raise Transient("smtp_from") from None
    try:
        return to_bytes(email)
    except UnsafeHeaders as error:
        log.error("unsafe_headers", notification=email.notification_id, where=str(error))
        raise Permanent("unsafe_headers") from None
    except Exception:
        # Python's writer of bodies raises errors of many types.
        raise Permanent("not_an_email") from None
