"""The folder of one office: who runs in it, guarded by a lock, and where its parts are reached."""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

LOCK = "office.lock"
HOST = "127.0.0.1"
LOOKERS_TOLERATED = 5


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
    except FileNotFoundError:
        pass
    return None


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
    """Whoever only looks holds the lock for an instant, so one failure says little."""
    for attempt in range(LOOKERS_TOLERATED):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if attempt < LOOKERS_TOLERATED - 1:
                time.sleep(0.02)
        else:
            return True
    return False


def _read(folder: Path) -> Addresses | None:
    try:
        return Addresses(**json.loads((folder / LOCK).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None
