"""The office behind a real socket: whole, in a thread of its own, or the API alone."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from tests.api.conftest import application
from tests.api.live import Live, at_work
from tests.databases import opened, sqlite_url

Result = TypeVar("Result")

STARTS_WITHIN = 200.0


@dataclass
class Served:
    """An office that answers at ``url``; ``do`` runs a coroutine on its own event loop."""

    url: str
    ready: threading.Event = field(default_factory=threading.Event)
    live: Live | None = None
    loop: asyncio.AbstractEventLoop | None = None
    server: uvicorn.Server | None = None

    def do(self, work: Coroutine[Any, Any, Result], within: float = 200.0) -> Result:
        """The result of a coroutine that uses the office's database or clients."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(within)

    async def run(self, address: str, path: Path, listening: socket.socket) -> None:
        """Serve until the server is told to exit."""
        self.loop = asyncio.get_running_loop()
        async with (
            opened(sqlite_url(path)) as database,
            at_work(address, database, path.parent, command_timeout=60.0) as self.live,
        ):
            config = uvicorn.Config(self.live.app, log_config=None, lifespan="on")
            self.server = uvicorn.Server(config)
            self.ready.set()
            await self.server.serve(sockets=[listening])


@contextmanager
def served(address: str, path: Path) -> Iterator[Served]:
    """The office on the database file at ``path``, before the Temporal server at ``address``."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        office = Served(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(
            target=lambda: asyncio.run(office.run(address, path, listening)), daemon=True
        )
        thread.start()
        assert office.ready.wait(STARTS_WITHIN), "the office does not open"
        try:
            yield office
        finally:
            assert office.server is not None
            office.server.should_exit = True
            thread.join(STARTS_WITHIN)


@asynccontextmanager
async def without_temporal(url: str) -> AsyncIterator[int]:
    """The API alone, on the database at ``url``, with no Temporal to reach; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with opened(url) as database:
            config = uvicorn.Config(application(database), log_config=None, lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield int(listening.getsockname()[1])
            finally:
                server.should_exit = True
                await serving
