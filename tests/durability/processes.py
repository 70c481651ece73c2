"""Real worker processes, as an operator runs them, and their death by SIGKILL."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.temporal_server import dies_with_this_process
from tests.log_guard import keep

STARTS_WITHIN_SECONDS = 200.0
ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """``python -m worker`` in a process group of its own."""

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
        self._environment = {
            **os.environ,
            "TEMPORAL_ADDRESS": address,
            "MILEPOST_DATABASE_URL": database_url,
            "MILEPOST_TASK_QUEUE": task_queue,
            "MILEPOST_DATA_DIR": str(folder),
            "MILEPOST_READY_FILE": str(self._ready_file),
            "MILEPOST_DELIVERY_RATE": "1000",
            "MILEPOST_LOG_LEVEL": "DEBUG",
            # Only the first one compiles: it makes a restart three times as quick.
            "PYTHONDONTWRITEBYTECODE": "",
            **(environment or {}),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_this_process(signal.SIGKILL),
            )

    @property
    def serves(self) -> bool:
        """Whether it takes work. Fails the test where it ended by itself."""
        if self._process.poll() is not None:
            raise AssertionError(f"the worker ended by itself:\n{self._log.read_text()[-4000:]}")
        return self._ready_file.exists()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to finish, to hand back or to say anything."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
