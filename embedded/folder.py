"""The folder of one office: locks let one office at a time run in it, and it keeps a secret."""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import IO

HOST = "127.0.0.1"
LOCK = "office.lock"
PARTS = "parts.lock"
SECRET = "secret"
SECRET_BYTES = 32
LOOKERS_TOLERATED = 5
GONE_WITHIN_SECONDS = 60.0
"""Temporal closes its database in a second or two; a busy machine takes its time."""
LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a running office are reached."""

    api: str
    """``http://127.0.0.1:8400``."""
    temporal: str
    """``127.0.0.1:8433``."""
    temporal_ui: str = ""
    pid: int = 0


class Occupied(Exception):
    """Another process runs an office in this folder."""

    def __init__(self, folder: Path, holder: Addresses | None) -> None:
        super().__init__(str(folder))
        self.folder = folder
        self.holder = holder


class StillEnding(Exception):
    """Parts of an office that ran in this folder before do not end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


@contextlib.contextmanager
def occupy(folder: Path, addresses: Addresses) -> Iterator[None]:
    """Hold the folder for this process and note the addresses in it. Raises Occupied.

    The kernel drops the lock when the process ends, however it ends, so nothing stale is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="utf-8") as lock:
        if not _taken(lock):
            raise Occupied(folder, _read(folder))
        lock.truncate(0)
        lock.write(json.dumps(asdict(addresses) | {"pid": os.getpid()}))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def running_in(folder: Path) -> Addresses | None:
    """The office that runs in this folder now, if one does."""
    try:
        with (folder / LOCK).open("r", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return _read(folder)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    return None


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
        if not _locked(lock):
            waits()
            deadline = time.monotonic() + within_seconds
            while not _locked(lock):
                if time.monotonic() > deadline:
                    raise StillEnding(folder)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        yield lock.fileno()


def kept_secret(folder: Path) -> str:
    """The secret of the office in that folder. Links signed with it outlive a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SECRET
    with contextlib.suppress(FileExistsError):
        # Written before it has its name, so that no process reads half of it.
        made = folder / f"{SECRET}.{token_urlsafe(6)}"
        made.touch(mode=0o600)
        made.write_text(token_urlsafe(SECRET_BYTES), encoding="ascii")
        try:
            os.link(made, path)
        finally:
            made.unlink()
    return path.read_text(encoding="ascii").strip()


def is_free(port: int) -> bool:
    """Whether a server can listen on this loopback port."""
    with socket.socket() as probe:
        # As servers do: a connection of the last run that still winds down is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _taken(lock: IO[str]) -> bool:
    """A process that only looks holds the lock for an instant, so one failure says little."""
    for attempt in range(LOOKERS_TOLERATED):
        if attempt:
            time.sleep(0.02)
        if _locked(lock):
            return True
    return False


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(folder: Path) -> Addresses | None:
    try:
        return Addresses(**json.loads((folder / LOCK).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None
