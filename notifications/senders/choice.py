"""Which sender the settings ask for."""

from typing import Literal, Protocol

from pydantic import SecretStr

from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Sender
from storage.database import Database


class SenderSettings(Protocol):
    """The settings that a sender needs."""

    sender: Literal["mailbox", "smtp", "sendgrid"]
    mail_timeout: float
    smtp_verdict_timeout: float
    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: SecretStr
    smtp_tls: Literal["none", "starttls", "tls"]
    sendgrid_api_key: SecretStr
    sendgrid_host: str
    sendgrid_sandbox: bool


def sender_for(settings: SenderSettings, database: Database) -> Sender:
    """The sender, ready to use; close it at the end.

    Its library is imported here: each takes long, and an office needs one of them at most.
    """
    match settings.sender:
        case "mailbox":
            return Mailbox(database)
        case "smtp":
            from notifications.senders.smtp import Smtp

            return Smtp(
                settings.smtp_host,
                settings.smtp_port,
                user=settings.smtp_user,
                password=settings.smtp_password,
                tls=settings.smtp_tls,
                timeout=settings.mail_timeout,
                verdict_timeout=settings.smtp_verdict_timeout,
            )
        case "sendgrid":
            from notifications.senders.sendgrid import SendGrid

            return SendGrid(
                settings.sendgrid_api_key,
                host=settings.sendgrid_host,
                sandbox=settings.sendgrid_sandbox,
                timeout=settings.mail_timeout,
            )
