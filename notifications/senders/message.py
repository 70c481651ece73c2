"""An email as mail servers pass it on: our own headers, and a MIME body with each part."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

from notifications.senders.headers import (
    address_header,
    ascii_address,
    plain_header,
    require_safe,
    require_tokens,
    text_header,
)
from notifications.senders.protocol import Email, Invitation, headings

_OF_THE_BODY = ("MIME-Version", "Content-Type")


def to_bytes(email: Email) -> bytes:
    """The whole message. Raises ``NoAddress`` and ``UnsafeHeaders``."""
    headers = _headers(email)
    body = _body(email).as_bytes(policy=SMTP)
    content = "".join(f"{header}\r\n" for header in headers).encode("ascii") + body
    names = [header.partition(":")[0] for header in headers]
    require_safe(content, [*names, *_OF_THE_BODY])
    return content


def message_id(email: Email) -> str:
    """The same for each attempt, so that a mail server may notice a repeated email. Raises
    ``NoAddress``."""
    return f"<{email.notification_id}@{ascii_address(email.from_email).rpartition('@')[2]}>"


def _headers(email: Email) -> list[str]:
    found = [
        text_header("Subject", email.subject),
        address_header("From", email.from_name, email.from_email),
        address_header("To", email.to_name, email.to_email),
    ]
    if email.reply_to:
        found.append(address_header("Reply-To", "", email.reply_to))
    found.append(plain_header("Message-ID", message_id(email)))
    found.append(plain_header("Date", format_datetime(localtime())))
    found += [plain_header(name, value) for name, value in headings(email).items()]
    return found


def _body(email: Email) -> EmailMessage:
    """The parts. Nothing that a person typed is in their headers."""
    message = EmailMessage(policy=SMTP)
    message.set_content(email.text, cte="quoted-printable")
    message.add_alternative(email.html, subtype="html", cte="quoted-printable")
    if email.invitation is not None:
        _invite(message, email.invitation)
    return message


def _invite(message: EmailMessage, invitation: Invitation) -> None:
    """The alternative is what mail clients act on; the attachment is for those that do not."""
    require_tokens(invitation.method, invitation.filename)
    method = {"method": invitation.method}
    message.add_alternative(invitation.content, subtype="calendar", cte="base64", params=method)
    message.add_attachment(
        invitation.content.encode(),
        maintype="application",
        subtype="ics",
        filename=invitation.filename,
    )
