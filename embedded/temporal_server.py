"""One Temporal dev server as a child process: started, waited for, stopped, killed."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

HOST = "127.0.0.1"
NAMESPACE = "default"
READY_WITHIN_SECONDS = 90.0
STOPS_WITHIN_SECONDS = 20.0
ASK_EVERY_SECONDS = 0.1
ASK_SECONDS = 10.0
SILENT = "it does not answer"

PR_SET_PDEATHSIG = 1

STARTS = 3
"""How often a server that chooses its own ports is started, where it ends before it serves."""


class ServerFailed(Exception):
    """The dev server ended by itself or did not become ready; says where its log is."""


class DevServer:
    """A `temporal server start-dev` on the loopback address, in a process group of its own.

    A port of 0 is replaced by a free one when the server first starts, and kept over restarts, so
    that clients find it again. `ui_port` None starts it without its web UI, `database` None keeps
    everything in memory. `search_attributes` maps a name to a type such as `Keyword`. The process
    keeps the file descriptors `inherits` open for as long as it lives.

    On Linux it dies with its parent, however the parent dies, if it was started from the main
    thread. The kernel ties its life to that thread: the end of any other would kill it too early.
    """

    def __init__(
        self,
        binary: Path,
        port: int = 0,
        ui_port: int | None = None,
        database: Path | None = None,
        search_attributes: Mapping[str, str] | None = None,
        log_file: Path | None = None,
        *,
        log_level: str = "error",
        dynamic_config: Mapping[str, str] | None = None,
        inherits: Sequence[int] = (),
    ) -> None:
        self._binary = binary
        self._port = port
        self._ui_port = ui_port
        self._database = database
        self._search_attributes = dict(search_attributes or {})
        self._log_file = log_file
        self._log_level = log_level
        self._dynamic_config = dict(dynamic_config or {})
        self._inherits = tuple(inherits)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients connect: `127.0.0.1:7233`. Known once it was started."""
        return f"{HOST}:{self._port}"

    @property
    def ui_address(self) -> str | None:
        """Its web UI, if it has one."""
        return None if self._ui_port is None else f"http://{HOST}:{self._ui_port}"

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and return at once; `wait_ready` says when it serves."""
        if self.is_running:
            return
        self._port = self._port or _free_port()
        if self._ui_port == 0:
            self._ui_port = _free_port()
        if self._database is not None:
            self._database.parent.mkdir(parents=True, exist_ok=True)
            clear_half_made(self._database)
        with contextlib.ExitStack() as files:
            log: int = subprocess.DEVNULL
            if self._log_file is not None:
                self._log_file.parent.mkdir(parents=True, exist_ok=True)
                log = files.enter_context(self._log_file.open("ab")).fileno()
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which
                # then stops things in their order.
                start_new_session=True,
                pass_fds=self._inherits,
                preexec_fn=dies_with_this_process(signal.SIGTERM),
            )

    def wait_ready(self, within_seconds: float = READY_WITHIN_SECONDS) -> None:
        """Return once the namespace and every search attribute are there.

        Raises ServerFailed where the server ends or `within_seconds` pass before that. Works
        inside a running event loop too: it asks from a thread of its own.
        """
        problem: list[Exception] = []

        def ask() -> None:
            try:
                asyncio.run(self._ask_until_ready(time.monotonic() + within_seconds))
            except ServerFailed as failure:
                problem.append(failure)

        asker = threading.Thread(target=ask, name="dev-server-ready")
        asker.start()
        asker.join()
        if problem:
            raise problem[0]

    def stop(self) -> None:
        """End it gracefully, and by force where it takes longer than 20 s."""
        self._signal(signal.SIGTERM)
        if self._process is not None:
            try:
                self._process.wait(timeout=STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def __enter__(self) -> Self:
        chosen = self._port, self._ui_port
        for left in reversed(range(STARTS)):
            self.start()
            try:
                self.wait_ready()
            except BaseException as failure:
                ended = isinstance(failure, ServerFailed) and not self.is_running
                self.kill()
                # Another process may have taken a port between its choice and its use.
                if not (ended and left and not chosen[0]):
                    raise
                self._port, self._ui_port = chosen
            else:
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _command(self) -> Sequence[str]:
        command = [
            *(str(self._binary), "server", "start-dev"),
            *("--ip", HOST, "--port", str(self._port), "--log-level", self._log_level),
        ]
        command += ["--headless"] if self._ui_port is None else ["--ui-port", str(self._ui_port)]
        if self._database is not None:
            command += ["--db-filename", str(self._database)]
        for name, kind in self._search_attributes.items():
            command += ["--search-attribute", f"{name}={kind}"]
        for name, value in self._dynamic_config.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        return command

    async def _ask_until_ready(self, deadline: float) -> None:
        last = SILENT
        while time.monotonic() < deadline:
            if not self.is_running:
                code = None if self._process is None else self._process.returncode
                raise ServerFailed(
                    f"The Temporal dev server at {self.address} ended by itself with code"
                    f" {code}{self._see_log()}."
                )
            try:
                missing = await asyncio.wait_for(self._missing_search_attributes(), ASK_SECONDS)
            except (RPCError, RuntimeError, TimeoutError) as problem:
                last = str(problem) or SILENT
            else:
                if not missing:
                    return
                last = f"search attributes are missing: {', '.join(sorted(missing))}"
            await asyncio.sleep(ASK_EVERY_SECONDS)
        raise ServerFailed(
            f"The Temporal dev server at {self.address} was not ready in time:"
            f" {last}{self._see_log()}."
        )

    async def _missing_search_attributes(self) -> set[str]:
        """They are added after the server serves, so a server that answers is not yet ready."""
        client = await Client.connect(self.address, namespace=NAMESPACE)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=NAMESPACE)
        )
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=NAMESPACE)
        )
        return set(self._search_attributes) - set(listed.custom_attributes)

    def _see_log(self) -> str:
        return f"; its log is {self._log_file}" if self._log_file else ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def clear_half_made(database: Path) -> None:
    """Remove a Temporal database whose making was cut off: its server would never start again.

    The dev server makes all tables when there is no file, and none when there is one. It notes its
    cluster when it starts, before it serves a client: a file without that holds nothing.
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def dies_with_this_process(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel signals it when we die.

    Nothing off Linux, and nothing outside the main thread: see DevServer.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    # Looked up before the fork: the child of a process with threads must not import or allocate.
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return tie
