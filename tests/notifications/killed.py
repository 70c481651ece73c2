"""A worker that dies by SIGKILL between sending an email and marking it as sent."""

import asyncio
import os
import signal
import sys

from activities.deliver import Courier
from activities.inputs import DeliverInput
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email
from storage.database import Database
from tests.notifications.office import NOW, SETTINGS


class Dying(Mailbox):
    """Keeps the email, and is gone."""

    async def send(self, email: Email) -> Accepted:
        await super().send(email)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("the process survived SIGKILL")


async def main(url: str) -> None:
    """Deliver the second record of the first item."""
    database = Database(url)
    courier = Courier(database, Dying(database), SETTINGS, lambda: NOW)
    await courier.deliver(DeliverInput("eng_1", "itm_1", 2))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
