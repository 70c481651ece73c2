"""Senders for tests: they keep what they are given, and fail as a script says."""

from collections import deque
from collections.abc import Iterable

from notifications.senders.protocol import Accepted, Email, Unknown


class Killed(BaseException):
    """The process ends here: nothing that comes after is reached, as with SIGKILL."""


class Scripted:
    """A sender that cannot tell what became of an attempt, like SMTP and SendGrid.

    ``script`` says how each hand-over ends: an exception to raise, or ``None`` to accept. What is
    marked as taken counts as sent whatever the caller hears.
    """

    name = "scripted"

    def __init__(
        self, script: Iterable[BaseException | None] = (), *, takes_it: bool = False
    ) -> None:
        self.script = deque(script)
        self.takes_it = takes_it
        self.taken: list[Email] = []

    async def send(self, email: Email) -> Accepted:
        error = self.script.popleft() if self.script else None
        if error is None or self.takes_it:
            self.taken.append(email)
        if error is not None:
            raise error
        return Accepted(f"scripted:{len(self.taken)}")

    async def recall(self, notification_id: str) -> Accepted | None:
        raise Unknown("interrupted")

    async def close(self) -> None:
        """Nothing is held."""
