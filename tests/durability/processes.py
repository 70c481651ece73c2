"""Real worker processes, and their death by SIGKILL."""

import ctypes
import multiprocessing
import os
import signal
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.temporal_server import PR_SET_PDEATHSIG
from tests.log_guard import keep

ROOT = Path(__file__).parents[2]

NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["worker"])
"""Has imported the worker and runs nothing. Each worker is a fork of it, and so serves at once: the
imports are most of what a start costs."""


class WorkerProcess:
    """``python -m worker`` in a process group of its own, but for the imports."""

    def __init__(
        self,
        address: str,
        database_url: str,
        task_queue: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._ready_file = folder / f"ready-{uuid.uuid4().hex}"
        self._log = folder / "workers.log"
        keep(self._log)
        self._process = NURSERY.Process(
            target=_serve,
            args=(
                self._log,
                {
                    "TEMPORAL_ADDRESS": address,
                    "MILEPOST_DATABASE_URL": database_url,
                    "MILEPOST_TASK_QUEUE": task_queue,
                    "MILEPOST_DATA_DIR": str(folder),
                    "MILEPOST_READY_FILE": str(self._ready_file),
                    "MILEPOST_DELIVERY_RATE": "1000",
                    "MILEPOST_LOG_LEVEL": "DEBUG",
                    **(environment or {}),
                },
            ),
        )
        self._process.start()

    @property
    def serves(self) -> bool:
        """Whether it takes work. Fails the test where it ended by itself."""
        if not self._process.is_alive():
            raise AssertionError(f"the worker ended by itself:\n{self._log.read_text()[-4000:]}")
        return self._ready_file.exists()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to finish, to hand back or to say anything."""
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.is_alive():
            self.kill()


def _serve(log: Path, environment: Mapping[str, str]) -> None:
    """What a fork does: the same as ``python -m worker``."""
    import worker

    # The nursery ends with the tests, and this with the nursery.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environment)
    worker.serve()
