"""Sends an office its own words, to the one person who asks: no member hears of it."""

from notifications.catalogue import Kind
from notifications.overrides.preview import Preview
from notifications.senders.protocol import Accepted, Email, Sender
from notifications.words import entry, fill
from storage.ids import new_id


async def send_test(
    sender: Sender,
    kind: Kind,
    preview: Preview,
    *,
    to_name: str,
    to_email: str,
    from_name: str,
    from_email: str,
    reply_to: str,
) -> Accepted:
    """Send a preview. It is on no ledger. Raises ``Transient``, ``Permanent`` or ``Unknown``."""
    rendered = preview.rendered
    return await sender.send(
        Email(
            notification_id=new_id("tst"),
            kind=kind.name,
            to_name=to_name,
            to_email=to_email,
            from_name=from_name,
            from_email=from_email,
            reply_to=reply_to,
            subject=fill(entry("template")["test_subject"], {"subject": rendered.subject}),
            text=rendered.text,
            html=rendered.html,
        )
    )
