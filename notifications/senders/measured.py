"""A sender whose answers are counted, and whose emails are traced."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from notifications.senders.protocol import Accepted, Email, Refusal, Sender


class Measured:
    """Hands emails to another sender. ``count`` hears ``accepted``, or the reason of a refusal,
    such as ``smtp_unreachable``: names without personal data. ``span`` gets the names of the sender
    and of the kind of email, and lasts until the answer."""

    def __init__(
        self,
        sender: Sender,
        count: Callable[[str], None],
        span: Callable[[str, str], AbstractContextManager[None]] | None = None,
    ) -> None:
        self._sender = sender
        self._count = count
        self._span = span or (lambda _sender, _kind: nullcontext())
        self.name = sender.name

    async def send(self, email: Email) -> Accepted:
        """As the other one."""
        try:
            with self._span(self.name, email.kind):
                accepted = await self._sender.send(email)
        except Refusal as refusal:
            self._count(refusal.reason)
            raise
        except BaseException:
            self._count("broken")
            raise
        self._count("accepted")
        return accepted

    async def recall(self, notification_id: str) -> Accepted | None:
        """As the other one."""
        return await self._sender.recall(notification_id)

    async def close(self) -> None:
        """As the other one."""
        await self._sender.close()
