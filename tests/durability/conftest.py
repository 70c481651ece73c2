"""One real Temporal server for all tests of durability that do not end it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.databases import migrated_sqlite
from tests.durability.server import ATTRIBUTES
from tests.servers import dev_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Its address."""
    with dev_server(ATTRIBUTES) as address:
        yield address


@pytest.fixture
async def client(server: str) -> Client:
    """A client as the API has it."""
    return await Client.connect(server, data_converter=pydantic_data_converter)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of the test's own."""
    return migrated_sqlite(tmp_path / "milepost.db")
