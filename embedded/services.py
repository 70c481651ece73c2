"""What the supervisor looks after: a part that is started, gets ready, may die, and is stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from embedded.temporal_server import DevServer, dies_with_this_process

ASK_EVERY_SECONDS = 0.05
READY_WITHIN_SECONDS = 120.0
"""More than Temporal's own limit: a part may have to wait for Temporal first."""


class NotReady(Exception):
    """A part ended or did not become ready in time: one sentence, with where its log is."""


class Service(Protocol):
    """A supervised part. Start it from the main thread: it then dies with this process."""

    @property
    def name(self) -> str: ...

    @property
    def log_file(self) -> Path: ...

    @property
    def pid(self) -> int | None: ...

    @property
    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    async def wait_ready(self) -> None:
        """Return once it serves. Raises NotReady."""

    async def stop(self) -> None:
        """End it: gracefully first, by force after its grace period."""

    def kill(self) -> None:
        """End it at once."""


class TemporalService:
    """The Temporal dev server as a supervised part."""

    name = "temporal"

    def __init__(self, server: DevServer, log_file: Path) -> None:
        self._server = server
        self.log_file = log_file

    @property
    def pid(self) -> int | None:
        return self._server.pid

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    def start(self) -> None:
        self._server.start()

    async def wait_ready(self) -> None:
        await asyncio.to_thread(self._server.wait_ready)

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.stop)

    def kill(self) -> None:
        self._server.kill()


class ProcessService:
    """A program as a supervised part, in a process group of its own, its output in its log.

    `is_ready` is asked until it answers True; `before_start` clears what an earlier life left. The
    program keeps the file descriptors `inherits` open for as long as it lives. A group of its own,
    because Ctrl-C in the terminal must reach the supervisor alone, which then stops the parts in
    their order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_file: Path,
        environment: Mapping[str, str],
        is_ready: Callable[[], Awaitable[bool]],
        before_start: Callable[[], None] = lambda: None,
        ready_within_seconds: float = READY_WITHIN_SECONDS,
        grace_seconds: float = 15.0,
        inherits: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log_file = log_file
        self._command = list(command)
        self._environment = dict(environment)
        self._is_ready = is_ready
        self._before_start = before_start
        self._ready_within = ready_within_seconds
        self._grace = grace_seconds
        self._inherits = tuple(inherits)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._before_start()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                pass_fds=self._inherits,
                # By force: without its supervisor, a part that hangs as it stops would never end.
                # Each part is built to be killed at any moment.
                preexec_fn=dies_with_this_process(signal.SIGKILL),
            )

    async def wait_ready(self) -> None:
        deadline = time.monotonic() + self._ready_within
        while time.monotonic() < deadline:
            if not self.is_running:
                code = None if self._process is None else self._process.returncode
                raise NotReady(f"The {self.name} ended by itself with code {code}{self._see_log()}")
            if await self._is_ready():
                return
            await asyncio.sleep(ASK_EVERY_SECONDS)
        raise NotReady(
            f"The {self.name} was not ready after {self._ready_within:.0f} s{self._see_log()}"
        )

    async def stop(self) -> None:
        self._signal(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, self._grace)
        self.kill()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _see_log(self) -> str:
        return f"; its log is {self.log_file}."
