"""The delivery worker alone: the matrix has workflows of its own, and kills no other process."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.deliver import Courier
from activities.inputs import DELIVERY_QUEUE_SUFFIX
from notifications.senders import Sender
from settings import Settings
from storage.database import Database, utc_now


def delivering(
    client: Client,
    database: Database,
    sender: Sender,
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
) -> Worker:
    """The worker of the deliveries, with the real activities."""
    courier = Courier(database, sender, settings, clock)
    return Worker(
        client,
        task_queue=settings.task_queue + DELIVERY_QUEUE_SUFFIX,
        activities=[courier.deliver, courier.remind],
        # Rows with a heartbeat of seconds need each beat; the SDK would keep back most of them.
        max_heartbeat_throttle_interval=timedelta(milliseconds=300),
    )
