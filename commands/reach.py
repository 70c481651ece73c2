"""How a command reaches the services, the database, Temporal and the API."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from temporalio.client import Client

from commands.outcome import Exit, Stop
from embedded.folder import running_in
from services.backend import Backend
from settings import Settings, address_of, settings
from storage.database import Database
from storage.migrate import current, is_newer, newest
from temporal.connection import LazyTemporal, connect
from temporal.converter import converter_with

T = TypeVar("T")


def temporal_overrides(settings: Settings) -> dict[str, Any]:
    """How to reach the office's Temporal: with its keys, and at its place where it runs in the data
    folder. ``TEMPORAL_ADDRESS`` counts before that."""
    options: dict[str, Any] = {"data_converter": converter_with(settings.payload_key_bytes)}
    office = None if os.environ.get("TEMPORAL_ADDRESS") else running_in(settings.data_dir)
    if office:
        options |= {"target_host": office.temporal, "namespace": "default"}
    return options


async def reach_temporal(settings: Settings) -> Client:
    """A connected client. Raises RuntimeError where nothing answers."""
    return await connect(**temporal_overrides(settings))


def api_address(settings: Settings) -> str:
    """Where the API of this office answers."""
    office = running_in(settings.data_dir)
    return office.api if office else address_of(settings.api_host, settings.api_port)


def database_place(settings: Settings) -> str:
    """The database's address without its password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)


def is_missing_file(settings: Settings) -> bool:
    """Whether the database is an SQLite file that does not exist yet."""
    url = make_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()


def backend_on(database: Database, config: Settings | None = None) -> Backend:
    """What services need, on ``config`` or this process's settings. Links lead to the office that
    runs in the data folder, unless its address is set."""
    config = config or settings()
    if "public_url" not in config.model_fields_set:
        config = config.model_copy(update={"public_url": api_address(config)})
    return Backend(database, LazyTemporal(temporal_overrides(config)), config)


def with_backend(work: Callable[[Backend], Awaitable[T]]) -> T:
    """Run the work on the services, as ``with_database`` does on the database."""
    return with_database(lambda database: work(backend_on(database)))


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run the work on the database of the settings.

    Raises Stop where it does not exist, does not answer, or has the tables of another version.
    """

    async def run() -> T:
        database = Database(settings().database_url)
        try:
            await _must_be_migrated(database)
            return await work(database)
        except DBAPIError as problem:
            reason = type(problem.orig).__name__
            raise _down(f"refused a statement ({reason}). Run `milepost doctor`.") from None
        finally:
            await database.dispose()

    return asyncio.run(run())


async def _must_be_migrated(database: Database) -> None:
    if is_missing_file(settings()):
        raise Stop(
            f"There is no database at {database_place(settings())} yet. Run `milepost up`, or"
            " `milepost migrate` to create one.",
            code=Exit.DOWN,
        )
    try:
        revision = await current(database)
    except (OSError, SQLAlchemyError) as problem:
        raise database_unreachable(problem) from None
    if is_newer(revision):
        raise tables_are_newer()
    if revision != newest():
        raise _down("has the tables of another version. Run `milepost migrate`.")


def database_unreachable(problem: Exception) -> Stop:
    """Ends a command because the database does not answer."""
    reason = type(getattr(problem, "orig", None) or problem).__name__
    return _down(
        f"does not answer ({reason}). Check MILEPOST_DATABASE_URL, and that the server is running."
    )


def tables_are_newer() -> Stop:
    """Ends a command because this version is too old for the database."""
    return _down("has the tables of a newer Milepost. Update this one, or restore a backup.")


def _down(trouble: str) -> Stop:
    """The database's own message would quote the statement's values: names and addresses."""
    return Stop(f"The database at {database_place(settings())} {trouble}", code=Exit.DOWN)
