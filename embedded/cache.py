"""The cache folder: where what was downloaded or built once is kept, and who may write there."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REMEMBER_CLOSED_FOR_SECONDS = 24 * 60 * 60


def cache_folder(environment: Mapping[str, str]) -> Path:
    """`MILEPOST_CACHE`, else `milepost` in the user's cache folder. It need not exist yet."""
    named = environment.get("MILEPOST_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    # An empty XDG_CACHE_HOME counts as unset, says the XDG base directory specification.
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~"), ".cache")
    return Path(home).expanduser() / "milepost"


@contextmanager
def only_one(cache: Path, name: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `name` of this cache; say so once if somebody else holds it.

    The kernel frees a lock whose holder dies, so that a killed build never blocks the next.
    """
    folder = cache / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remember_closed(cache: Path, name: str) -> None:
    """Note that the way `name` is closed, so that the next run need not wait to find out."""
    folder = cache / "closed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()


def is_remembered_closed(cache: Path, name: str) -> bool:
    """Was the way `name` found closed within the last day?"""
    try:
        since = time.time() - (cache / "closed" / name).stat().st_mtime
    except FileNotFoundError:
        return False
    return 0 <= since < REMEMBER_CLOSED_FOR_SECONDS


def is_program(path: Path) -> bool:
    """Can this file be run by us?"""
    return path.is_file() and os.access(path, os.X_OK)
