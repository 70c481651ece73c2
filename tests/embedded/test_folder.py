"""A second office in a folder is refused, and the parts of one that was killed are awaited."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded.folder import (
    LOCK,
    SECRET,
    Addresses,
    Occupied,
    StillEnding,
    after_the_last_parts,
    is_free,
    kept_secret,
    occupy,
    running_in,
)

OFFICE = Addresses("http://127.0.0.1:8400", "127.0.0.1:8433", "http://127.0.0.1:8434")


def test_a_second_office_in_the_same_folder_is_refused_and_told_who_is_there(
    tmp_path: Path,
) -> None:
    with occupy(tmp_path, OFFICE), pytest.raises(Occupied) as refusal, occupy(tmp_path, OFFICE):
        pass
    assert refusal.value.holder is not None
    assert refusal.value.holder.pid == os.getpid()
    assert refusal.value.holder.api == OFFICE.api


def test_the_folder_is_free_again_once_the_office_has_left(tmp_path: Path) -> None:
    with occupy(tmp_path, OFFICE):
        assert running_in(tmp_path) is not None
    assert running_in(tmp_path) is None
    with occupy(tmp_path, OFFICE):
        pass


def test_a_folder_that_never_held_an_office_has_none_running(tmp_path: Path) -> None:
    assert running_in(tmp_path / "nowhere") is None


def test_an_office_that_was_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from embedded.folder import *\n"
        "with occupy(pathlib.Path(sys.argv[1]), Addresses('a', 't')): os.kill(os.getpid(), 9)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert (tmp_path / LOCK).read_text()
    assert running_in(tmp_path) is None


def test_a_port_that_a_server_listens_on_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


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

    async def test_an_office_that_ended_in_order_keeps_no_other_waiting(
        self, tmp_path: Path
    ) -> None:
        for _ in range(2):
            async with after_the_last_parts(tmp_path, nothing_to_wait_for):
                pass


def nothing_to_wait_for() -> None:
    """What is told that there is something to wait for, where there must not be."""
    raise AssertionError("it waits")


def test_the_secret_is_made_once_and_stays_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "office"
    with ThreadPoolExecutor(4) as several:
        made = set(several.map(lambda _: kept_secret(folder), range(8)))
    assert len(made) == 1
    assert made == {kept_secret(folder)}
    assert len(made.pop()) > 40


def test_only_its_owner_reads_the_secret_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    kept_secret(tmp_path)
    assert (tmp_path / SECRET).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [SECRET]
