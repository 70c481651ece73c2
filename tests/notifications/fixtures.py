"""A migrated database with the office in it, for each test: SQLite, and where asked PostgreSQL too.

What PostgreSQL may do otherwise is SQL and locking. The tests of ``storage`` run on both. Here a
test says ``on_both`` where it sends statements of its own or where two writers meet.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.databases import fresh, migrated_sqlite
from tests.notifications.office import office
from tests.storage.fixtures import DIALECTS, Postgres
from tests.storage.fixtures import postgres_database as postgres_database

on_both = pytest.mark.parametrize("database_url", DIALECTS, indirect=True)
"""Run a test, or all of a class or module, on SQLite and on PostgreSQL."""


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_database: Postgres
) -> str:
    if getattr(request, "param", "sqlite") == "postgresql":
        return postgres_database.url
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with fresh(database_url) as database:
        async with database.transaction() as session:
            await office().write(session)
        yield database
