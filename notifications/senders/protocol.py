"""What every sender promises: an email goes out, or a named error says whether it may have."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from notifications.calendar.ical import Method
from programmes.fields import one_line


@dataclass(frozen=True)
class Invitation:
    """The calendar part of an email (iTIP, RFC 5546): what a calendar does with it, and what on."""

    method: Method
    content: str
    """The whole ``VCALENDAR``, with CRLF line ends."""

    filename = "invite.ics"


UNSUBSCRIBE = "List-Unsubscribe"
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The value of ``List-Unsubscribe-Post``, and what a mail program then posts."""


@dataclass(frozen=True)
class Email:
    """A rendered email to one person. ``notification_id`` is its key on the ledger.

    What goes into its headings is put on one line, whatever it is made from. A mail server's
    library refuses anything else: an office whose name has a line end could send no email.
    """

    notification_id: str
    kind: str
    to_name: str
    to_email: str
    from_name: str
    from_email: str
    reply_to: str
    subject: str
    text: str
    html: str
    invitation: Invitation | None = None
    programme: str = ""
    """The programme's id: what a provider may count by."""
    unsubscribe: str = ""
    """The link that ends such emails at one click (RFC 8058); empty where they always go."""
    attempt: int = 0
    """The attempt's number on the ledger (its delivery); 0 where there is none."""

    def __post_init__(self) -> None:
        for name in ("to_name", "from_name", "subject"):
            object.__setattr__(self, name, one_line(getattr(self, name)))


def headings(email: Email) -> dict[str, str]:
    """The headings that every sender sets, beside those of the address and the subject."""
    # So that out-of-office replies stay at home (RFC 3834).
    found = {"Auto-Submitted": "auto-generated"}
    if email.unsubscribe:
        found[UNSUBSCRIBE] = f"<{email.unsubscribe}>"
        found["List-Unsubscribe-Post"] = ONE_CLICK
    return found


@dataclass(frozen=True)
class Accepted:
    """The sender took the email; the provider's id, where it gives one, finds its reports."""

    provider_id: str = ""
    sends: bool = True
    """Whether it really leaves: a provider's sandbox takes emails and sends none."""


class Refusal(Exception):
    """The email was not certainly sent. ``reason`` is a name without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Transient(Refusal):
    """It was certainly not taken, and another attempt may work, after ``retry_after`` if given."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(Refusal):
    """It was certainly not taken, and never will be as it is."""


class Unknown(Refusal):
    """It may have been taken: only the provider's reports can tell."""


class Overtaken(Refusal):
    """It was certainly not taken: a later attempt has begun, and sees to the email."""


class Sender(Protocol):
    """Hands one email over."""

    @property
    def name(self) -> str:
        """How the ledger names this sender."""

    async def send(self, email: Email) -> Accepted:
        """Hand it over. Raises ``Transient``, ``Permanent`` or ``Unknown``; and ``Overtaken`` where
        the sender's ``recall`` tells for certain, so that no late attempt belies it."""

    async def recall(self, notification_id: str) -> Accepted | None:
        """The outcome of an attempt that was cut off: accepted, or (``None``) certainly not.

        Raises ``Unknown`` where the sender cannot tell.
        """

    async def close(self) -> None:
        """Let go of connections; the sender is not used afterwards."""
