"""SendGrid: its package builds the message, one pooled HTTP client posts it.

The package's own client is not used. It has no timeout unless told, blocks a thread, and opens a
new connection (and so a new handshake) for each email. At DEBUG it logs the key and the body.
Without TLS, on the loopback, both take about 1 ms an email, so speed did not decide this.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import structlog
from pydantic import SecretStr
from sendgrid.helpers.mail import (
    Attachment,
    Category,
    ClickTracking,
    Content,
    CustomArg,
    From,
    Header,
    HtmlContent,
    Mail,
    MailSettings,
    OpenTracking,
    PlainTextContent,
    ReplyTo,
    SandBoxMode,
    Subject,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from notifications.senders.headers import (
    UnsafeHeaders,
    ascii_address,
    plain_header,
    require_tokens,
    shown_as_typed,
)
from notifications.senders.protocol import (
    Accepted,
    Email,
    Invitation,
    Permanent,
    Transient,
    Unknown,
    headings,
)
from storage.database import utc_now

log = structlog.get_logger(__name__)

_PATH = "/v3/mail/send"
_KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept: less than a proxy does, which would cut it mid-post."""
_LONGEST_WAIT = timedelta(minutes=15)
_SHORT_WAIT = timedelta(seconds=1)
"""A pause up to this long is waited for on the spot; a longer one gives the turn back."""
_MAY_HAVE_GONE = frozenset({502, 504})
"""A gateway that lost sight of the server behind it: the request may have been taken."""

_ABOUT_THE_EMAIL = frozenset({400, 413})
"""Refusals of one email, for good. Any other concerns our key, our sender or our address of
SendGrid, and so every email: they wait until the operator has fixed it."""


class SendGrid:
    """Posts emails to SendGrid's v3 API. It has no idempotency key: two posts are two emails.

    Once an answer says that the rate limit is used up, nothing of this process is posted until it
    begins again: one pause for all.
    """

    name = "sendgrid"

    def __init__(
        self,
        key: SecretStr,
        *,
        host: str = "https://api.sendgrid.com",
        sandbox: bool = False,
        timeout: float = 10.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._headers = {"Authorization": f"Bearer {key.get_secret_value().strip()}"}
        self._sandbox = sandbox
        self._clock = clock
        self._paused_until: datetime | None = None
        self._client = httpx.AsyncClient(
            base_url=host,
            timeout=timeout,
            limits=httpx.Limits(max_connections=20, keepalive_expiry=_KEEP_ALIVE),
        )

    async def send(self, email: Email) -> Accepted:
        """Post it; ``202`` is the only yes (``200`` in the sandbox, which sends nothing)."""
        body = self._on_paper(email)
        await self._wait_for_its_turn()
        try:
            answer = await self._client.post(
                _PATH,
                json=body,
                headers=self._headers,
            )
        except (
            httpx.LocalProtocolError,
            httpx.UnsupportedProtocol,
            httpx.InvalidURL,
            UnicodeError,
        ):
            # Nothing was sent: our key cannot be a header, or our address of SendGrid is none.
            raise Transient("sendgrid_set_up") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise Transient("sendgrid_unreachable") from None
        except httpx.TimeoutException:
            raise Unknown("sendgrid_no_answer") from None
        except httpx.HTTPError:
            raise Unknown("sendgrid_cut_off") from None
        self._heed(answer)
        return self._judge(answer)

    def _on_paper(self, email: Email) -> dict[str, Any]:
        """The package checks what it is given, and raises errors of many types."""
        try:
            From(ascii_address(email.from_email), email.from_name)
        except Exception:
            raise Transient("sendgrid_from") from None
        try:
            return to_body(email, sandbox=self._sandbox)
        except UnsafeHeaders as error:
            log.error("unsafe_headers", notification=email.notification_id, where=str(error))
            raise Permanent("unsafe_headers") from None
        except Exception:
            raise Permanent("not_an_email") from None

    async def recall(self, notification_id: str) -> Accepted | None:
        """Only its events can tell."""
        raise Unknown("interrupted")

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._client.aclose()

    async def _wait_for_its_turn(self) -> None:
        """Raises ``Transient`` where the pause is longer than a courier should stand still."""
        while (until := self._paused_until) is not None:
            wait = until - self._clock()
            if wait > _SHORT_WAIT:
                raise Transient("sendgrid_429", wait)
            if wait > timedelta():
                await asyncio.sleep(wait.total_seconds())
            # Another answer may have asked for a longer one meanwhile.
            if self._paused_until == until:
                self._paused_until = None

    def _heed(self, answer: httpx.Response) -> None:
        """Pause where the answer says that there is nothing left of the rate limit."""
        used_up = answer.headers.get("X-RateLimit-Remaining", "").strip() == "0"
        if not used_up and answer.status_code != 429:
            return
        wait = self._delay(answer)
        if wait is not None:
            self._paused_until = max(self._clock() + wait, self._paused_until or self._clock())

    def _judge(self, answer: httpx.Response) -> Accepted:
        status, reason = answer.status_code, f"sendgrid_{answer.status_code}"
        if status == 202:
            return Accepted(answer.headers.get("X-Message-Id", ""))
        if self._sandbox and status == 200:
            return Accepted(sends=False)
        if status == 429:
            raise Transient(reason, self._delay(answer))
        if status in _MAY_HAVE_GONE:
            raise Unknown(reason)
        if status >= 500:
            raise Transient(reason, self._delay(answer))
        if status >= 300:
            # The answer's body may quote the email, so the operator gets the status.
            log.error("sendgrid_refused", status=status)
            if status not in _ABOUT_THE_EMAIL:
                raise Transient(reason)
            raise Transient("sendgrid_from") if _minds_the_sender(answer) else Permanent(reason)
        raise Unknown(reason)

    def _delay(self, answer: httpx.Response) -> timedelta | None:
        """What the provider asks for: ``Retry-After``, or when its rate limit begins again."""
        after = answer.headers.get("Retry-After", "")
        reset = answer.headers.get("X-RateLimit-Reset", "")
        try:
            if after.isdecimal():
                wait = timedelta(seconds=int(after))
            elif after:
                wait = _date(after) - self._clock()
            elif reset.isdecimal():
                wait = datetime.fromtimestamp(int(reset), UTC) - self._clock()
            else:
                return None
        except LookupError:
            return None
        except (ValueError, OverflowError, OSError):
            # A number beyond all reason. The answer itself counts, whatever stands beside it.
            return _LONGEST_WAIT
        return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)


def _date(text: str) -> datetime:
    """A date of HTTP. Raises ``LookupError`` for any other text, or without a zone."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        raise LookupError from None
    if date.tzinfo is None:
        raise LookupError
    return date


def _minds_the_sender(answer: httpx.Response) -> bool:
    """Whether all that SendGrid objects to is the address that we send from."""
    try:
        fields = [str(error["field"]) for error in answer.json()["errors"]]
    except (ValueError, TypeError, LookupError):
        return False
    return bool(fields) and all(field.split(".")[0] == "from" for field in fields)


def to_body(email: Email, *, sandbox: bool = False) -> dict[str, Any]:
    """The request's body, built by SendGrid's own helpers. Raises ``NoAddress`` and
    ``UnsafeHeaders``, and whatever the helpers raise.

    SendGrid writes the headers: what looks like an encoded word must not reach it as one.
    """
    mail = Mail(
        from_email=From(ascii_address(email.from_email), shown_as_typed(email.from_name)),
        to_emails=To(ascii_address(email.to_email), shown_as_typed(email.to_name)),
        subject=Subject(shown_as_typed(email.subject)),
        plain_text_content=PlainTextContent(email.text),
        html_content=HtmlContent(email.html),
    )
    if email.reply_to:
        mail.reply_to = ReplyTo(ascii_address(email.reply_to))
    if email.invitation is not None:
        _invite(mail, email.invitation)
    for name, value in headings(email).items():
        plain_header(name, value)  # checked here, written by SendGrid
        mail.add_header(Header(name, value))
    # Comes back with every event. An opaque id: nothing personal may go in here.
    mail.add_custom_arg(CustomArg("notification_id", email.notification_id))
    if email.attempt:
        mail.add_custom_arg(CustomArg("attempt", str(email.attempt)))
    # What its own statistics are kept by.
    for category in (email.programme, email.kind):
        if category:
            mail.add_category(Category(category))
    # Rewritten links break their targets, and Milepost does not track readers.
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(enable=False, enable_text=False),
        open_tracking=OpenTracking(enable=False),
        # Its link would end all emails to the address, also those that the recipient waits for.
        subscription_tracking=SubscriptionTracking(enable=False),
    )
    if sandbox:
        mail.mail_settings = MailSettings(sandbox_mode=SandBoxMode(True))
    body: dict[str, Any] = mail.get()
    return body


def _invite(mail: Mail, invitation: Invitation) -> None:
    """The content with its method is what mail clients act on: an attachment alone gets no
    buttons. The attachment is for those that do not; its type may hold no parameter."""
    require_tokens(invitation.method, invitation.filename)
    mail.add_content(Content(f"text/calendar; method={invitation.method}", invitation.content))
    mail.add_attachment(
        Attachment(
            b64encode(invitation.content.encode()).decode(),
            invitation.filename,
            "application/ics",
            "attachment",
        )
    )
