"""The mailbox: it keeps every email in the database, each exactly once. The default sender."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from notifications.delivery.ledger import still_ours
from notifications.senders.protocol import Accepted, Email, Overtaken, Transient
from storage.database import Database, insert_or_ignore
from storage.sql import mailbox


class Mailbox:
    """Writes emails to the table ``mailbox``; a repeated attempt finds its row and adds nothing."""

    name = "mailbox"

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    async def send(self, email: Email) -> Accepted:
        """Store it. Raises ``Transient`` while the database is out of reach, and ``Overtaken`` once
        a later attempt looks for what this one may have stored."""
        row = {
            "notification_id": email.notification_id,
            "kind": email.kind,
            "to_name": email.to_name,
            "to_email": email.to_email,
            "from_name": email.from_name,
            "from_email": email.from_email,
            "subject": email.subject,
            "text": email.text,
            "html": email.html,
            "unsubscribe": email.unsubscribe,
            "calendar_method": email.invitation.method if email.invitation else None,
            "calendar": email.invitation.content if email.invitation else None,
            "at": self._clock(),
        }
        try:
            async with self._database.transaction() as session:
                if email.attempt and not await still_ours(session, email.attempt):
                    raise Overtaken("overtaken")
                await insert_or_ignore(session, mailbox, [row])
        except DBAPIError:
            # Its message would quote the row: names and addresses.
            raise Transient("mailbox_unreachable") from None
        return Accepted(f"mailbox:{email.notification_id}")

    async def recall(self, notification_id: str) -> Accepted | None:
        """The table knows."""
        query = select(mailbox.c.id).where(mailbox.c.notification_id == notification_id)
        async with self._database.reading() as session:
            found = (await session.execute(query)).scalar_one_or_none()
        return Accepted(f"mailbox:{notification_id}") if found is not None else None

    async def close(self) -> None:
        """The caller owns the database."""
