"""How an email leaves: one protocol, and the mailbox, SMTP and SendGrid behind it."""

from notifications.senders.choice import SenderSettings, sender_for
from notifications.senders.protocol import (
    Accepted,
    Email,
    Invitation,
    Permanent,
    Sender,
    Transient,
    Unknown,
)

__all__ = [
    "Accepted",
    "Email",
    "Invitation",
    "Permanent",
    "Sender",
    "SenderSettings",
    "Transient",
    "Unknown",
    "sender_for",
]
