"""The real application on a real database; Temporal is a closed port until a test opens one."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.main import create_app
from services.permissions import Role
from settings import Settings
from storage.database import Database
from temporal.connection import LazyTemporal, Temporal
from tests.api.office import TOKENS, bearer, fill
from tests.databases import migrated_sqlite, opened, sqlite_url
from tests.storage.office import NOW

Caller = Callable[[Role | None], httpx.AsyncClient]

NOWHERE = {"target_host": "127.0.0.1:1"}
"""No Temporal is ever on port 1."""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the whole office in it, to be copied."""
    path = tmp_path_factory.mktemp("api") / "office.db"
    url = migrated_sqlite(path)

    async def write() -> None:
        async with opened(url) as database, database.transaction() as session:
            await fill(session)

    asyncio.run(write())
    return path


@pytest.fixture
async def database(filled: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "milepost.db"
    shutil.copyfile(filled, path)
    async with opened(sqlite_url(path)) as database:
        yield database


def application(database: Database, **settings: object) -> FastAPI:
    """The application with its clock at ``NOW``."""
    given = Settings.model_validate({"database_url": "sqlite+aiosqlite://", **settings})
    app = created(given, database, LazyTemporal(NOWHERE))
    app.state.backend = replace(app.state.backend, now=lambda: NOW)
    return app


def created(
    settings: Settings, database: Database | None = None, temporal: Temporal | None = None
) -> FastAPI:
    """An application of the test's own, but for the routes: they hold no state.

    FastAPI prepares them at an application's first request, which takes a quarter of a second.
    """
    app = create_app(settings, database, temporal)
    app.router.routes[:] = _routes()
    return app


@cache
def _routes() -> list[BaseRoute]:
    return create_app(Settings(database_url="postgresql+psycopg://127.0.0.1:1/none")).router.routes


@pytest.fixture
def app(database: Database) -> FastAPI:
    return application(database)


@pytest.fixture
async def calling(app: FastAPI) -> AsyncIterator[Caller]:
    """Gives a client that calls as a role, or without a token."""
    clients: list[httpx.AsyncClient] = []

    def client(role: Role | None) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://testserver",
            headers=bearer(TOKENS[role][0]) if role else {},
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()
