"""``python -m bench.reads``: list, detail and board beside a hello-world route of the same app.

A server process serves an office of 50 engagements through uvicorn, as ``milepost api`` does. The
bench calls hello world and the reads in turns, in short blocks. It compares the processor time of
the server, so the client is not counted. Other work on the machine slows all of them alike.
"""

import asyncio
import gc
import multiprocessing
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import update

from storage.database import Database
from storage.sql import engagements, tasks
from tests.api.conftest import application
from tests.api.crowd import many
from tests.api.office import CARDIFF, TOKENS, bearer, fill
from tests.databases import migrated_sqlite, opened
from tests.storage.office import days

ROWS = 50
ROUNDS = 10
BLOCK = 15
"""Requests of one kind before the next kind has its turn."""

HELLO = "/api/v1/hello"
"""Below the prefix of the API, so that every part of the middleware takes part."""

SPENT = "/bench/seconds"


@dataclass
class Read:
    """A kind of request, and what each block of it cost."""

    name: str
    path: str
    target: float | None = None
    """The least throughput, as a share of hello world's."""
    milliseconds: list[float] = field(default_factory=list)
    """Processor time of a request, block by block."""

    def share(self, hello: "Read") -> float:
        """The throughput as a share of hello world's: the median over the rounds."""
        pairs = zip(hello.milliseconds, self.milliseconds, strict=True)
        return median(reference / own for reference, own in pairs)


def kinds() -> list[Read]:
    """Hello world, and the reads that are compared with it."""
    return [
        Read("hello world", HELLO),
        Read(f"list of {ROWS}", "/api/v1/engagements", 0.60),
        Read("detail", f"/api/v1/engagements/{CARDIFF.engagement}"),
        Read(f"board of {ROWS}", "/", 0.25),
    ]


async def stock(url: str) -> None:
    """An office of 50 engagements, whose tasks are due on different days."""
    async with opened(url) as database:
        async with database.transaction() as session:
            await fill(session)
        await many(database, ROWS - 2)
        async with database.transaction() as session:
            for number in range(ROWS - 2):
                due = days(number % 40 - 20)
                dates = {
                    "soon_at": due - timedelta(days=3),
                    "due_at": due,
                    "stuck_at": due + timedelta(days=10),
                }
                for table in (engagements, tasks):
                    key = table.c.id if table is engagements else table.c.engagement_id
                    await session.execute(
                        update(table).where(key == f"eng_n{number:05}").values(dates)
                    )


def served(database: Database) -> FastAPI:
    """The application with the clock of its rows, and two routes of the bench's own."""
    app = application(database, public_url="http://127.0.0.1")

    @app.get(HELLO)
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @app.get(SPENT)
    async def seconds() -> float:
        return time.process_time()

    return app


def serve(url: str, listening: socket.socket) -> None:
    """Serve until the process is ended."""

    async def run() -> None:
        async with opened(url) as database:
            config = uvicorn.Config(
                served(database), log_config=None, access_log=False, lifespan="off"
            )
            gc.freeze()  # as api.main does
            await uvicorn.Server(config).serve(sockets=[listening])

    uvicorns_choice = uvicorn.Config("api.main:served", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorns_choice) as runner:
        runner.run(run())


@asynccontextmanager
async def server(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        started = multiprocessing.get_context("spawn").Process(
            target=serve, args=(url, listening), daemon=True
        )
        started.start()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(
            base_url=base, headers=bearer(TOKENS["manager"][0]), timeout=60
        ) as client:
            yield client
        started.terminate()
        started.join()


async def measured(rounds: int = ROUNDS) -> list[Read]:
    """Every kind of read, after a warm-up."""
    reads = kinds()
    with tempfile.TemporaryDirectory() as folder:
        url = migrated_sqlite(Path(folder) / "reads.db")
        await stock(url)
        async with server(url) as client:
            for read in reads:
                await _block(client, read)
            for _ in range(rounds):
                for read in reads:
                    read.milliseconds.append(await _block(client, read))
    return reads


async def _block(client: httpx.AsyncClient, read: Read) -> float:
    began = float((await client.get(SPENT)).text)
    for _ in range(BLOCK):
        (await client.get(read.path)).raise_for_status()
    ended = float((await client.get(SPENT)).text)
    return (ended - began) * 1000 / BLOCK


def show(reads: list[Read]) -> None:
    """The table, with the target beside each ratio. A timing never fails the bench: it varies by a
    third on a busy machine."""
    hello = reads[0]
    table = Table(title="Reads, beside a hello-world route of the same application")
    for column in ("", "ms of processor", "of hello world", "target", ""):
        table.add_column(column, justify="left" if not column else "right")
    for read in reads:
        share, target = read.share(hello), read.target
        table.add_row(
            read.name,
            f"{median(read.milliseconds):.2f}",
            f"{share:.2f}",
            f"≥ {target:.2f}" if target else "",
            "" if target is None else "met" if share >= target else "missed",
        )
    Console().print(table)


if __name__ == "__main__":
    show(asyncio.run(measured()))
