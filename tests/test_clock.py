"""The clock of the tests: set by ``--today``, for the process and for those that it starts."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.clock import read_instant
from tests.days import CHANGES, DAYS, READERS, ROOT, SAMPLE

TEST = """
import subprocess, sys, time
from datetime import UTC, datetime

NOW = "from datetime import UTC, datetime; print(datetime.now(UTC).isoformat())"

def test_it_begins_at_the_instant():
    time.sleep(0.01)
    assert f"{datetime.now(UTC):%F %H:%M:%S}" == "2028-02-29 23:59:00"

def test_the_next_one_does_so_too():
    assert f"{datetime.now(UTC):%F %H:%M:%S}" == "2028-02-29 23:59:00"

def test_a_process_has_the_same_clock():
    told = subprocess.run([sys.executable, "-c", NOW], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("2028-02-29T23:59")

def test_another_reads_no_clock():
    assert time.monotonic() > 0
"""


def session(folder: Path, *arguments: str) -> str:
    """What a session of its own prints, whose tests pass."""
    (folder / "test_it.py").write_text(TEST, encoding="utf-8")
    plugins = ("-p", "tests.clock", "-p", "tests.clock_readers", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(folder)]
    ended = subprocess.run(
        [*command, *plugins, *arguments, str(folder)],
        cwd=ROOT,
        # Other plugins take seconds to import.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_each_test_begins_at_the_instant_and_the_readers_of_the_clock_are_noted(
    tmp_path: Path,
) -> None:
    noted = tmp_path / "readers.json"
    today = "--today=2028-02-29T23:59"
    assert "4 passed" in session(tmp_path, today, f"--note-readers={noted}")
    assert "2 passed, 2 deselected" in session(tmp_path, today, f"--only-readers={noted}")


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2027-03-28T23:59", datetime(2027, 3, 28, 22, 59, tzinfo=UTC)),
        ("2027-10-31T01:30+00:00", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_an_instant_without_an_offset_is_one_in_london(given: str, instant: datetime) -> None:
    assert read_instant(given) == instant


def test_the_days_are_enough_of_them_and_spread_over_three_years() -> None:
    instants = [read_instant(day) for day in (*DAYS, *CHANGES, *SAMPLE)]
    assert len(DAYS) >= 24
    assert (max(instants) - min(instants)).days >= 3 * 365


def test_every_file_that_is_said_to_read_the_clock_is_there() -> None:
    assert [name for name in READERS if not (ROOT / name).exists()] == []
