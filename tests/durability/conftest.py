"""One real Temporal server for all tests of durability that do not end it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.acts import until_open
from tests.durability.pace import TOUR, quiet_engagement
from tests.durability.server import ATTRIBUTES
from tests.servers import dev_server
from tests.workflows.office import Engaged, Office, open_office


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Its address."""
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
async def client(server: str) -> Client:
    """A client as the API has it."""
    return await Client.connect(server, data_converter=DATA_CONVERTER)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of the test's own."""
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def office(client: Client, url: str) -> AsyncIterator[Office]:
    """An office whose programme runs in seconds, with workers in this process."""
    async with open_office(client, url, programme=TOUR, skipping=False) as running:
        yield running


@pytest.fixture
async def engaged(office: Office) -> Engaged:
    """A started engagement in which only what a test does happens; its onboarding is open."""
    started = await office.start(quiet_engagement())
    await until_open(started, "onboarding")
    return started
