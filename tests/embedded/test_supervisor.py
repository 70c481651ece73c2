"""The supervisor starts all at once, restarts what dies, stops in reverse and leaves no orphan."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.services import NotReady, ProcessService
from embedded.supervisor import Happening, Step, Supervisor

# Says that it is up by a file, and ends on SIGTERM with a line in the file that all share.
WELL_BEHAVED = """
import pathlib, signal, sys, time
name, up, ends = sys.argv[1:]
def end(*_):
    with open(ends, "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(up).touch()
while True:
    time.sleep(60)
"""
DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[2]).touch()
while True:
    time.sleep(60)
"""


def part(
    folder: Path,
    name: str,
    *,
    program: str = WELL_BEHAVED,
    grace: float = 10.0,
    ready_within: float = 100.0,
) -> ProcessService:
    up = folder / f"{name}.up"

    async def is_up() -> bool:
        return up.exists()

    return ProcessService(
        name,
        [sys.executable, "-S", "-c", program, name, str(up), str(folder / "ends")],
        log_file=folder / "log" / f"{name}.log",
        environment=dict(os.environ),
        is_ready=is_up,
        ready_within_seconds=ready_within,
        grace_seconds=grace,
    )


async def until(condition: Callable[[], bool], within: float = 100.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)


def gone(pid: int | None) -> bool:
    """Ended: no such process, or a zombie that only waits to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


@pytest.fixture
def happened() -> list[Happening]:
    return []


# Gets ready only once the part named "second" runs.
WAITS_FOR_SECOND = f"""
import pathlib, sys, time
while not pathlib.Path(sys.argv[2]).with_name("second.up").exists():
    time.sleep(0.01)
{WELL_BEHAVED}
"""


async def test_parts_start_without_waiting_for_each_other(
    tmp_path: Path, happened: list[Happening]
) -> None:
    first = part(tmp_path, "first", program=WAITS_FOR_SECOND)
    supervisor = Supervisor([first, part(tmp_path, "second")], happened.append)
    await supervisor.start()
    await supervisor.stop()
    assert [each.what for each in happened[:4]] == ["starting", "starting", "ready", "ready"]


async def test_a_step_is_done_before_the_parts_after_it_start(
    tmp_path: Path, happened: list[Happening]
) -> None:
    second = part(tmp_path, "second")

    async def migrate() -> None:
        await until((tmp_path / "first.up").exists)
        assert not second.is_running

    supervisor = Supervisor(
        [part(tmp_path, "first"), Step("database", migrate), second], happened.append
    )
    await supervisor.start()
    await supervisor.stop()
    told = [(each.what, each.part) for each in happened]
    assert told.index(("ready", "database")) < told.index(("starting", "second"))


async def test_parts_stop_in_reverse_order_and_gracefully(
    tmp_path: Path, happened: list[Happening]
) -> None:
    supervisor = Supervisor([part(tmp_path, name) for name in ("a", "b", "c")], happened.append)
    await supervisor.start()
    await supervisor.stop()
    assert (tmp_path / "ends").read_text().split() == ["c", "b", "a"]


async def test_a_part_that_dies_is_started_again_and_the_watcher_hears_of_it(
    tmp_path: Path, happened: list[Happening]
) -> None:
    service = part(tmp_path, "worker")
    supervisor = Supervisor([service], happened.append, first_backoff_seconds=0.01)
    await supervisor.start()
    first = service.pid
    assert first is not None
    (tmp_path / "worker.up").unlink()
    os.kill(first, signal.SIGKILL)
    await until(lambda: [each.what for each in happened].count("ready") == 2)
    assert service.is_running
    assert service.pid != first
    assert [each.what for each in happened] == [
        *("starting", "ready", "died", "restarting", "ready")
    ]
    await supervisor.stop()


async def test_a_part_that_dies_again_and_again_is_tried_ever_more_slowly(
    tmp_path: Path, happened: list[Happening]
) -> None:
    service = part(tmp_path, "worker")
    supervisor = Supervisor([service], happened.append, first_backoff_seconds=0.01)
    await supervisor.start()
    for times in (2, 3, 4):
        assert service.pid is not None
        os.kill(service.pid, signal.SIGKILL)
        await until(lambda times=times: [e.what for e in happened].count("ready") == times)  # type: ignore[misc]
    await supervisor.stop()
    delays = [each.seconds for each in happened if each.what == "restarting"]
    assert delays == [0.01, 0.02, 0.04]


async def test_a_part_that_never_gets_ready_ends_the_start_and_all_that_was_started(
    tmp_path: Path, happened: list[Happening]
) -> None:
    first = part(tmp_path, "first")
    broken = part(tmp_path, "broken", program="raise SystemExit(7)")
    supervisor = Supervisor([first, broken], happened.append)
    with pytest.raises(NotReady, match=r"broken ended by itself with code 7; its log is .*broken"):
        await supervisor.start()
    assert not first.is_running


async def test_a_part_that_hangs_at_the_start_is_reported_after_its_time(tmp_path: Path) -> None:
    silent = part(tmp_path, "silent", program="import time; time.sleep(60)", ready_within=0.3)
    with pytest.raises(NotReady, match="not ready after"):
        await Supervisor([silent], lambda _: None).start()
    assert not silent.is_running


async def test_a_part_that_ignores_the_request_to_stop_is_ended_by_force(tmp_path: Path) -> None:
    deaf = part(tmp_path, "deaf", program=DEAF, grace=0.2)
    supervisor = Supervisor([deaf], lambda _: None)
    await supervisor.start()
    await supervisor.stop()
    assert gone(deaf.pid)


async def test_stopping_while_a_dead_part_waits_to_be_restarted_leaves_nothing(
    tmp_path: Path, happened: list[Happening]
) -> None:
    service = part(tmp_path, "worker")
    supervisor = Supervisor([service], happened.append, first_backoff_seconds=60.0)
    await supervisor.start()
    assert service.pid is not None
    os.kill(service.pid, signal.SIGKILL)
    await until(lambda: any(each.what == "died" for each in happened))
    await supervisor.stop()
    assert not service.is_running


async def test_what_a_part_prints_is_in_a_log_of_its_name(tmp_path: Path) -> None:
    chatty = part(tmp_path, "chatty", program="print('good morning', flush=True)" + WELL_BEHAVED)
    supervisor = Supervisor([chatty], lambda _: None)
    await supervisor.start()
    await supervisor.stop()
    assert (tmp_path / "log" / "chatty.log").read_text() == "good morning\n"


SUPERVISE = """
import asyncio, pathlib, sys
from tests.embedded.test_supervisor import part
from embedded.supervisor import Supervisor
folder = pathlib.Path(sys.argv[1])
async def main():
    services = [part(folder, "a"), part(folder, "b")]
    await Supervisor(services, lambda _: None).start()
    (folder / "pids").write_text(" ".join(str(each.pid) for each in services))
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ties lives together on Linux alone")
async def test_no_orphan_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        await until(lambda: bool((tmp_path / "pids").exists() and _pids(tmp_path)))
    finally:
        parent.kill()
        parent.wait()
    children = _pids(tmp_path)
    assert len(children) == 2
    await until(lambda: all(gone(pid) for pid in children))


def _pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]
