"""A delivery worker that dies by SIGKILL at one point of an email's way, and is started anew.

``python -m tests.faults.mortal`` keeps one worker process at work. It is a fork of this one, which
has imported everything and runs nothing, so that a new worker serves at once. The worker is the
real one, but for the sender and the two functions of the ledger that it dies around. For each email
that is chosen it dies once: a file in a folder says so.
"""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from embedded.temporal_server import dies_with_this_process
from notifications.content.rendering import PARTS, environments
from notifications.delivery import ledger
from notifications.delivery.dispatch import ClaimedMessage, Dispatch
from notifications.senders import Accepted, Email, Sender, sender_for
from notifications.words import ENGLISH, parsed
from settings import Settings
from storage.database import Database
from temporal.connection import connect
from tests.faults.couriers import delivering
from tests.notifications.office import source

POINTS = ("before_send", "after_send", "before_mark", "after_mark")
POINT, SHARE, MOST, SEED, FOLDER = (
    f"MILEPOST_TEST_KILL_{name}" for name in ("POINT", "SHARE", "MOST", "SEED", "FOLDER")
)


class Death:
    """Comes at one point, for a share of all emails, once for each, and so often at the most."""

    def __init__(self) -> None:
        self.point = os.environ[POINT]
        self._share = float(os.environ[SHARE])
        self._most = int(os.environ[MOST])
        self._seed = os.environ[SEED]
        self._folder = Path(os.environ[FOLDER])

    def comes(self, point: str, notification_id: str) -> None:
        """End this process, if it is its turn."""
        if point != self.point:
            return
        chosen = random.Random(f"{self._seed}/{notification_id}").random() < self._share
        mark = self._folder / notification_id.replace("/", "_")
        if chosen and not mark.exists() and len(os.listdir(self._folder)) < self._most:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class MortalSender:
    """Hands emails over, and may die just before or just after."""

    def __init__(self, sender: Sender, death: Death) -> None:
        self._sender = sender
        self._death = death
        self.name = sender.name

    async def send(self, email: Email) -> Accepted:
        """As the real one."""
        self._death.comes("before_send", email.notification_id)
        try:
            return await self._sender.send(email)
        finally:
            # Whatever the answer: on a busy machine it may come too late to be one.
            self._death.comes("after_send", email.notification_id)

    async def recall(self, notification_id: str) -> Accepted | None:
        """As the real one."""
        return await self._sender.recall(notification_id)

    async def close(self) -> None:
        """As the real one."""
        await self._sender.close()


def make_the_mark_deadly(death: Death) -> None:
    """Die within the transaction that marks an email as sent, or just after it."""
    advance, mark = ledger.advance, Dispatch._mark

    async def dying_advance(
        session: Any, notification_id: str, state: str, *rest: Any, **named: Any
    ) -> bool:
        moved = await advance(session, notification_id, state, *rest, **named)
        if state in ("accepted", "unknown"):
            death.comes("before_mark", notification_id)
        return moved

    async def dying_mark(self: Dispatch, claimed: ClaimedMessage, *rest: Any, **named: Any) -> None:
        await mark(self, claimed, *rest, **named)
        death.comes("after_mark", claimed.id)

    ledger.advance = dying_advance
    Dispatch._mark = dying_mark  # type: ignore[assignment, method-assign]


async def work() -> None:
    """Deliver until the end of this process."""
    settings, death = Settings(), Death()
    make_the_mark_deadly(death)
    database = Database(settings.database_url)
    sender = MortalSender(sender_for(settings, database), death)
    await delivering(await connect(), database, sender, settings).run()


def learn_to_write() -> None:
    """Read what every email is written from, once for all workers to come: it takes a second."""
    parsed(source())
    for environment in environments(ENGLISH):
        for part in PARTS:
            environment.get_template(f"research.reminder/{part}")


def keep_one_alive() -> None:
    """A worker, and after its violent death another one."""
    learn_to_write()
    while True:
        tie = dies_with_this_process(signal.SIGKILL)
        child = os.fork()
        if child == 0:
            if tie is not None:
                tie()
            asyncio.run(work())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(f"the worker ended by itself: {status}")


if __name__ == "__main__":
    keep_one_alive()
