"""Four everyday tasks pass through no more files than their ceilings in ``tools/walk.py`` say."""

import asyncio
import sys

import pytest

from tests.offices import ROOT
from tools.walk import MEASURES, exceeded, report

FILES = {one.name: [f"file_{number}.py" for number in range(one.ceiling)] for one in MEASURES}


@pytest.mark.dev_server
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_no_task_passes_through_more_files_than_its_ceiling() -> None:
    # The walks are profiled and fork: they need a process without threads and with empty caches.
    walk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.walk", "--list"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(walk.communicate(), 800)
    assert walk.returncode == 0, printed.decode()


def test_a_task_at_its_ceiling_passes() -> None:
    assert exceeded(FILES) == []


def test_one_file_above_a_ceiling_is_reported() -> None:
    board = next(one for one in MEASURES if one.name == "board")
    problems = exceeded(FILES | {"board": [*FILES["board"], "one_more.py"]})
    assert problems == [
        f"board passes through {board.ceiling + 1} files; its ceiling is {board.ceiling}."
    ]


def test_the_table_has_a_line_for_each_task_and_names_files_only_when_asked() -> None:
    table = report(FILES, listed=False)
    assert len(table.splitlines()) == 1 + len(MEASURES)
    assert "milepost engagement assign" in table
    assert "file_0.py" not in table
    assert "file_0.py" in report(FILES, listed=True)
