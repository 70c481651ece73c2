"""The session fails where a log says too much: shown with sessions that do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leaks import leaks_in, phrases
from tests.log_guard import logs_at

ROOT = Path(__file__).parents[1]

ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Other plugins take seconds to import."""

HOOKS = """
from tests.log_guard import *
"""

TEST = """
import logging
import structlog

def test_it():
    structlog.get_logger("milepost.one").debug("told", {values})
    logging.getLogger("another.one").debug("done", extra={{"n": 1}})
"""


def session(folder: Path, values: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one test that logs this at DEBUG, in a session of its own."""
    (folder / "conftest.py").write_text(HOOKS, encoding="utf-8")
    (folder / "test_it.py").write_text(TEST.format(values=values), encoding="utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(folder)),
            *("-p", "no:cacheprovider", "-p", "xdist", *arguments, str(folder)),
        ],
        cwd=ROOT,
        env={**os.environ, **ALONE, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_session_fails_where_a_test_logs_an_address(tmp_path: Path, processes: str) -> None:
    ended = session(tmp_path, "to='Ada <ada@council.example>'", "-n", processes)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
    assert "logs that say too much" in ended.stdout
    assert "tests.log:1: an address: DEBUG milepost.one event='told'" in ended.stdout
    [kept] = tmp_path.glob("milepost-logs-*")
    assert "ada@council.example" in (kept / "tests.log").read_text(encoding="utf-8")


def test_a_session_that_says_nothing_of_anybody_passes_and_leaves_nothing(tmp_path: Path) -> None:
    ended = session(tmp_path, "notification='ntf_1', worker='4711@host.example.org'", "-n", "0")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert list(tmp_path.glob("milepost-logs-*")) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("refused by lead.1@council.example", "an address"),
        ("Reply-To: reply+abc@replies.example.org", "an address"),
        ("key SG.abcdefgh.ijkl", "a key"),
        ("Authorization: Bearer abcdefghij", "a token"),
        ("mp_abcdefgh", "a token"),
        ("GET /go?token=abcdefgh", "a token"),
        ("POST /inbound/a-long-secret-that-only-the-provider-knows", "a secret"),
        ('written: <html lang="cy">', "a body"),
        (f"written: Hello Ada,\\n{phrases()[0]}", "a body"),
    ],
)
def test_what_is_looked_for_is_found_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(f"INFO fine ntf_1\n{line}\n", encoding="utf-8")
    [found] = leaks_in(log)
    assert (found.line, found.what) == (2, what)


def test_the_phrases_are_those_of_both_languages() -> None:
    assert len(phrases()) > 100
    assert any("There is nothing for you to do until then" in one for one in phrases())
    assert any("eich " in one for one in phrases())


def test_logs_that_a_test_has_cleared_away_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "api.log").touch()
    assert logs_at(tmp_path) == [tmp_path / "log" / "api.log"]
    assert logs_at(tmp_path / "gone.log") == []
    assert leaks_in(tmp_path / "gone.log") == []
