"""A migrated, empty database for each test: SQLite, and a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from storage.database import Database
from tests.databases import fresh, migrated_postgres, migrated_sqlite

DIALECTS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


class Postgres:
    """One database for the session, made when the first test asks for it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._url: str | None = None

    @property
    def url(self) -> str:
        if self._url is None:
            self._url = self._stack.enter_context(migrated_postgres())
        return self._url


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[Postgres]:
    with ExitStack() as stack:
        yield Postgres(stack)


@pytest.fixture(params=DIALECTS)
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_database: Postgres
) -> str:
    if request.param == "sqlite":
        return migrated_sqlite(tmp_path / "milepost.db")
    return postgres_database.url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with fresh(database_url) as database:
        yield database
