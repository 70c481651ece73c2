"""The embedded office: Temporal, database, worker and API in one folder, in one process group."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import httpx

from embedded.folder import (
    HOST,
    Addresses,
    after_the_last_parts,
    is_free,
    kept_secret,
    occupy,
)
from embedded.programs import Found
from embedded.services import ProcessService, Service, TemporalService
from embedded.supervisor import Happening, Step, Supervisor, Tell
from embedded.temporal_server import NAMESPACE, DevServer
from settings import Settings, address_of

LOGS = "log"
WORKER_GRACE_SECONDS = 15.0
API_GRACE_SECONDS = 10.0
ASK_TIMEOUT_SECONDS = 2.0


class PortTaken(Exception):
    """Something else listens where a part of the office is to be reached.

    `variable` is the environment variable that names another port.
    """

    def __init__(self, part: str, port: int, variable: str) -> None:
        super().__init__(part, port, variable)
        self.part = part
        self.port = port
        self.variable = variable


@contextlib.asynccontextmanager
async def office(
    settings: Settings,
    temporal: Found,
    environment: Mapping[str, str],
    tell: Tell,
    *,
    search_attributes: Mapping[str, str],
    migrate: Callable[[], Awaitable[None]],
) -> AsyncIterator[Addresses]:
    """An office that runs for the length of the block, in ``settings.data_dir``.

    Use it from the main thread's event loop. `migrate` brings the database up to date. Raises
    Occupied, StillEnding, PortTaken, NotReady or ServerFailed where it cannot open; nothing is left
    running then. Cancelled once it stops its parts in order; cancelled twice it ends them at once.
    """
    brings_own_temporal = temporal.source != "running"
    addresses = _addresses(settings, None if brings_own_temporal else temporal.location)
    async with _alone_in(settings.data_dir, addresses, tell) as held:
        _refuse_taken_ports(settings, brings_own_temporal)
        parts: list[Service | Step] = []
        if brings_own_temporal:
            parts.append(_temporal(settings, temporal.path, search_attributes, held))
        parts.append(Step("database", migrate))
        child = _environment(settings, environment, addresses, brings_own_temporal)
        parts += [_worker(settings, child, held), _api(settings, child, addresses, held)]
        supervisor = Supervisor(parts, tell)
        await supervisor.start()
        try:
            yield addresses
        finally:
            await supervisor.stop()


@contextlib.asynccontextmanager
async def _alone_in(folder: Path, addresses: Addresses, tell: Tell) -> AsyncIterator[int]:
    """Hold the folder once no part of an earlier office runs there. Gives the descriptor that this
    office's parts inherit, by which the next office sees them."""
    with occupy(folder, addresses):
        waits = Happening("waiting", "temporal", detail=str(folder))
        async with after_the_last_parts(folder, lambda: tell(waits)) as held:
            yield held


def log_folder(settings: Settings) -> Path:
    """Where each part writes a log of its own name."""
    return settings.data_dir / LOGS


def _addresses(settings: Settings, running_temporal: str | None) -> Addresses:
    return Addresses(
        api=address_of(settings.api_host, settings.api_port),
        temporal=running_temporal or f"{HOST}:{settings.temporal_port}",
        temporal_ui="" if running_temporal else f"http://{HOST}:{settings.temporal_ui_port}",
    )


def _refuse_taken_ports(settings: Settings, brings_own_temporal: bool) -> None:
    ports = [("API", settings.api_port, "MILEPOST_API_PORT")]
    if brings_own_temporal:
        ports += [
            ("Temporal", settings.temporal_port, "MILEPOST_TEMPORAL_PORT"),
            ("Temporal UI", settings.temporal_ui_port, "MILEPOST_TEMPORAL_UI_PORT"),
        ]
    for part, port, variable in ports:
        if not is_free(port):
            raise PortTaken(part, port, variable)


def _environment(
    settings: Settings,
    environment: Mapping[str, str],
    addresses: Addresses,
    brings_own_temporal: bool,
) -> dict[str, str]:
    """What the worker and the API run with: this process's environment, in this office."""
    child = dict(environment) | {
        "MILEPOST_DATA_DIR": str(settings.data_dir),
        "MILEPOST_DATABASE_URL": settings.database_url,
        "MILEPOST_API_HOST": settings.api_host,
        "MILEPOST_API_PORT": str(settings.api_port),
        "MILEPOST_PUBLIC_URL": settings.public_url,
        "MILEPOST_SENDER": settings.sender,
        "MILEPOST_SECRET": settings.secret.get_secret_value() or kept_secret(settings.data_dir),
        "MILEPOST_DELIVERY_RATE": str(settings.delivery_rate),
        "MILEPOST_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        # The parts run from wherever `milepost` was called; the project's own modules go first.
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(Path(__file__).parent.parent), environment.get("PYTHONPATH")])
        ),
    }
    if brings_own_temporal:
        # Our server wants no credentials: those of another one would only turn us away.
        child = {name: held for name, held in child.items() if not name.startswith("TEMPORAL_")}
        child |= {
            "TEMPORAL_ADDRESS": addresses.temporal,
            "TEMPORAL_NAMESPACE": NAMESPACE,
            "TEMPORAL_CONFIG_FILE": os.devnull,
        }
    return child


def _temporal(
    settings: Settings, binary: Path, search_attributes: Mapping[str, str], held: int
) -> TemporalService:
    log_file = log_folder(settings) / "temporal.log"
    server = DevServer(
        binary,
        port=settings.temporal_port,
        ui_port=settings.temporal_ui_port,
        database=settings.data_dir / "temporal.db",
        search_attributes=search_attributes,
        log_file=log_file,
        inherits=[held],
    )
    return TemporalService(server, log_file)


def _worker(settings: Settings, environment: Mapping[str, str], held: int) -> ProcessService:
    ready_file = settings.data_dir / "worker.ready"

    async def is_ready() -> bool:
        return ready_file.exists()

    return ProcessService(
        "worker",
        [sys.executable, "-m", "worker"],
        log_file=log_folder(settings) / "worker.log",
        environment={**environment, "MILEPOST_READY_FILE": str(ready_file)},
        is_ready=is_ready,
        before_start=lambda: ready_file.unlink(missing_ok=True),
        grace_seconds=WORKER_GRACE_SECONDS,
        inherits=[held],
    )


def _api(
    settings: Settings, environment: Mapping[str, str], addresses: Addresses, held: int
) -> ProcessService:
    return ProcessService(
        "api",
        [sys.executable, "-m", "cli", "api"],
        log_file=log_folder(settings) / "api.log",
        environment=environment,
        is_ready=says_ready(f"{addresses.api}/readyz"),
        grace_seconds=API_GRACE_SECONDS,
        inherits=[held],
    )


def says_ready(url: str) -> Callable[[], Awaitable[bool]]:
    """A question whether the API says there that all of it is ready, commands included."""

    async def ask() -> bool:
        # Never through a proxy: these addresses are on this machine. They are plain HTTP, so each
        # question saves the 50 ms that loading certificates takes.
        async with httpx.AsyncClient(
            trust_env=False, verify=False, timeout=ASK_TIMEOUT_SECONDS
        ) as client:
            try:
                answer = await client.get(url)
                return answer.is_success and answer.json()["status"] == "ready"
            except (httpx.TransportError, ValueError, KeyError):
                return False

    return ask
