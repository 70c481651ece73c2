"""Workers of several builds, side by side on one office."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client

from notifications.senders.mailbox import Mailbox
from storage.database import utc_now
from temporal.builds import builds
from temporal.converter import DATA_CONVERTER
from tests.durability.waiting import until
from tests.workflows.office import Office
from worker import build_workers


@asynccontextmanager
async def worker_of(office: Office, build: str) -> AsyncIterator[None]:
    """A worker of another build beside the office's own, once Temporal knows it."""
    # The SDK refuses two workers of one queue on one connection.
    own = await Client.connect(
        office.client.service_client.config.target_host, data_converter=DATA_CONVERTER
    )
    deciding, _ = build_workers(
        own,
        office.database,
        Mailbox(office.database, utc_now),
        office.settings.model_copy(update={"build": build}),
    )
    async with deciding:
        await until_known(office, build)
        yield


async def until_known(office: Office, build: str) -> None:
    async def known() -> bool:
        found = await builds(office.client, office.settings.task_queue)
        return build in {one.id for one in found}

    await until(known, f"Temporal knows build {build}")
