"""What an office that was killed has left is no obstacle for the next one."""

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from embedded.leftovers import StillEnding, after_the_last_parts, clear_half_made
from embedded.temporal_server import DevServer
from tests.servers import temporal_cli

# Ends when its standard input does.
PART = "import sys; sys.stdin.read()"


@pytest.fixture
async def part(tmp_path: Path) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """A part of an office that has gone itself."""
    command = [sys.executable, "-S", "-c", PART]
    async with after_the_last_parts(tmp_path, nothing_to_wait_for) as held:
        part = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[held])  # noqa: ASYNC220
    with part:
        yield part


class TestPartsThatStillEnd:
    async def test_the_next_office_waits_for_them_and_says_so(
        self, tmp_path: Path, part: "subprocess.Popen[bytes]"
    ) -> None:
        said: list[int | None] = []

        def waits() -> None:
            said.append(part.poll())
            part.communicate()

        async with after_the_last_parts(tmp_path, waits):
            assert part.returncode == 0
        assert said == [None], "it was said once, while the part was running"

    async def test_one_that_never_ends_is_told(
        self, tmp_path: Path, part: "subprocess.Popen[bytes]"
    ) -> None:
        with pytest.raises(StillEnding):
            async with after_the_last_parts(tmp_path, lambda: None, within_seconds=0):
                pass
        assert part.poll() is None

    async def test_an_office_that_ended_in_order_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        for _ in range(2):
            async with after_the_last_parts(tmp_path, nothing_to_wait_for):
                pass


def nothing_to_wait_for() -> None:
    """What is told that there is something to wait for, where there must not be."""
    raise AssertionError("it waits")


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

    def test_one_that_somebody_is_writing_to_stays(self, database: Path) -> None:
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

    @pytest.mark.dev_server
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
