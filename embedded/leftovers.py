"""What an office that was killed leaves behind: parts that still end, a database half made."""

import asyncio
import contextlib
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO

PARTS = "parts.lock"
GONE_WITHIN_SECONDS = 60.0
"""Temporal closes its database in a second or two; a busy machine takes its time."""
LOOK_EVERY_SECONDS = 0.05


class StillEnding(Exception):
    """Parts of an office that ran in this folder before do not end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


@contextlib.asynccontextmanager
async def after_the_last_parts(
    folder: Path, waits: Callable[[], None], *, within_seconds: float = GONE_WITHIN_SECONDS
) -> AsyncIterator[int]:
    """A file descriptor for the parts of this office to inherit, once no earlier part has it.

    The parts of an office that was killed end by themselves, a little later than it: until then
    they keep their ports and their database. The kernel holds the lock for as long as one of them
    lives. `waits` is called once if there is something to wait for. Raises StillEnding.
    """
    with (folder / PARTS).open("a") as lock:
        if not _taken(lock):
            waits()
            deadline = time.monotonic() + within_seconds
            while not _taken(lock):
                if time.monotonic() > deadline:
                    raise StillEnding(folder)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        yield lock.fileno()


def clear_half_made(database: Path) -> None:
    """Remove a Temporal database whose making was cut off: its server would never start again.

    The dev server makes all tables when there is no file, and none when there is one. It notes its
    cluster when it starts, before it serves anybody: a file without that holds nothing.
    """
    if database.exists() and not _was_served(database):
        for leftover in (database, *database.parent.glob(f"{database.name}-*")):
            leftover.unlink(missing_ok=True)


def _was_served(database: Path) -> bool:
    with contextlib.closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            found = connection.execute("SELECT count(*) FROM cluster_metadata_info").fetchone()
        except sqlite3.OperationalError as problem:
            # Anything but a table that is missing says nothing about what is in there.
            return "no such table" not in str(problem)
        except sqlite3.DatabaseError:
            return True
        return bool(found[0])


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
