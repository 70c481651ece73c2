"""The dev server as a child process: ready, stopped, killed, restarted, gone with its parent."""

import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from temporalio.client import Client

from embedded import temporal_server
from embedded.temporal_server import DevServer, ServerFailed, clear_half_made
from tests.embedded.programs import program
from tests.servers import temporal_cli

pytestmark = pytest.mark.dev_server

ATTRIBUTES = {"MilepostKind": "Keyword", "MilepostDue": "Datetime"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevServer]:
    server = DevServer(
        temporal_cli(),
        database=tmp_path / "data/temporal.db",
        search_attributes=ATTRIBUTES,
        log_file=tmp_path / "logs/temporal.log",
    )
    with server:
        yield server


async def _start_something(server: DevServer) -> None:
    client = await Client.connect(server.address)
    await client.start_workflow("Something", id="engagement/1", task_queue="unserved")


async def _is_something_there(server: DevServer) -> bool:
    client = await Client.connect(server.address)
    description = await client.get_workflow_handle("engagement/1").describe()
    return description.status is not None and description.status.name == "RUNNING"


async def test_once_ready_it_has_its_namespace_and_takes_a_workflow(server: DevServer) -> None:
    await _start_something(server)
    assert await _is_something_there(server)


async def test_after_a_stop_it_comes_back_at_the_same_address_with_its_state(
    server: DevServer,
) -> None:
    await _start_something(server)
    address = server.address
    server.stop()
    assert not server.is_running
    server.start()
    server.wait_ready()
    assert server.address == address
    assert await _is_something_there(server)


async def test_after_a_kill_it_comes_back_with_its_state(server: DevServer) -> None:
    await _start_something(server)
    server.kill()
    assert not server.is_running
    server.start()
    server.wait_ready()
    assert await _is_something_there(server)


def test_it_listens_on_the_loopback_address_alone(server: DevServer) -> None:
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[9] in _sockets(server)
    ]
    assert listening
    assert {address.split(":")[0] for address in listening} == {"0100007F"}


def _sockets(server: DevServer) -> set[str]:
    found = set()
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except FileNotFoundError:
            # A connection that was closed just now.
            continue
        if target.startswith("socket:["):
            found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found


def test_with_a_web_ui_it_says_where(tmp_path: Path) -> None:
    with DevServer(temporal_cli(), ui_port=0) as server:
        assert server.ui_address is not None
        assert server.ui_address.startswith("http://127.0.0.1:")
        assert server.ui_address != f"http://{server.address}"


def test_one_that_ends_by_itself_says_so_with_its_log(tmp_path: Path) -> None:
    broken = DevServer(program(tmp_path / "broken", "exit 7"), log_file=tmp_path / "log")
    broken.start()
    with pytest.raises(ServerFailed, match=r"ended by itself with code 7; its log is .*log"):
        broken.wait_ready()


def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    deaf = DevServer(program(tmp_path / "deaf", "exec sleep 600"))
    deaf.start()
    try:
        with pytest.raises(ServerFailed, match="was not ready in time"):
            deaf.wait_ready(within_seconds=0.3)
    finally:
        deaf.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_it_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    starter = (
        "import sys; from pathlib import Path; from embedded.temporal_server import DevServer\n"
        "server = DevServer(Path(sys.argv[1])); server.start(); server.wait_ready()\n"
        "print(server.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(temporal_cli())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        ended, _, _ = select.select([handle], [], [], 30)
        assert ended
    finally:
        os.close(handle)


class TestADatabaseHalfMade:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        """Temporal's, cut off after its first table."""
        database = tmp_path / "temporal.db"
        execute(database, "CREATE TABLE namespaces(partition_id INTEGER)")
        (tmp_path / "temporal.db-journal").touch()
        return database

    def test_is_removed_with_what_belongs_to_it(self, database: Path) -> None:
        clear_half_made(database)
        assert list(database.parent.iterdir()) == []

    def test_so_is_one_that_has_all_tables_and_was_never_served(self, database: Path) -> None:
        execute(database, "CREATE TABLE cluster_metadata_info(data BLOB)")
        clear_half_made(database)
        assert not database.exists()

    def test_one_that_was_served_stays(self, database: Path) -> None:
        execute(database, "CREATE TABLE cluster_metadata_info(data BLOB)")
        execute(database, "INSERT INTO cluster_metadata_info VALUES ('active')")
        clear_half_made(database)
        assert database.exists()

    def test_one_that_another_process_writes_to_stays(self, database: Path) -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            clear_half_made(database)
        assert database.exists()

    def test_what_is_no_database_stays(self, tmp_path: Path) -> None:
        letter = tmp_path / "temporal.db"
        letter.write_text("Not a database, and longer than the header of one. " * 10)
        clear_half_made(letter)
        assert letter.exists()

    def test_where_there_is_none_none_is_made(self, tmp_path: Path) -> None:
        clear_half_made(tmp_path / "temporal.db")
        assert list(tmp_path.iterdir()) == []

    def test_a_server_starts_on_it_and_starts_again_with_what_it_holds(
        self, database: Path
    ) -> None:
        for _ in range(2):
            with DevServer(temporal_cli(), database=database):
                made = database.stat().st_ino
        assert database.stat().st_ino == made


def execute(database: Path, statement: str) -> None:
    """Run one statement, and commit it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_server_whose_port_was_taken_meanwhile_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = temporal_server._free_port()
        ports = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(temporal_server, "_free_port", lambda: next(ports))
        with DevServer(temporal_cli()) as server:
            assert server.address == f"127.0.0.1:{free}"


def test_a_server_on_a_port_that_was_asked_for_is_started_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = DevServer(temporal_cli(), port=taken.getsockname()[1])
        with pytest.raises(ServerFailed, match="ended by itself"):
            server.__enter__()
