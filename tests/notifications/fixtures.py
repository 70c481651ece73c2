"""A migrated database with the office in it, for each test: SQLite, and a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.databases import fresh
from tests.notifications.office import office
from tests.storage.fixtures import database_url as database_url
from tests.storage.fixtures import postgres_database as postgres_database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with fresh(database_url) as database:
        async with database.transaction() as session:
            await office().write(session)
        yield database
