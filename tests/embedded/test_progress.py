"""Long commands: what is shown while they run, and how they end."""

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from embedded.progress import CommandFailed, Counted, Meter, run_shown
from tests.embedded.programs import Terminal, program


def _run(
    tmp_path: Path,
    script: str,
    *,
    within_seconds: float = 20,
    give_up: Callable[[float], bool] = lambda elapsed: False,
) -> str:
    stream = StringIO()
    run_shown(
        [program(tmp_path / "command", script)],
        title="Working",
        log=tmp_path / "log",
        environment=os.environ,
        within_seconds=within_seconds,
        give_up=give_up,
        stream=stream,
    )
    return stream.getvalue()


class TestRunShown:
    def test_a_quick_command_says_nothing_and_keeps_its_output(self, tmp_path: Path) -> None:
        assert _run(tmp_path, "echo one; echo two >&2") == ""
        assert (tmp_path / "log").read_text().split() == ["one", "two"]

    def test_a_bad_end_is_told_by_the_last_line_that_says_something(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match=r"^no network$") as failure:
            _run(tmp_path, "echo first; echo no network; echo; exit 3")
        assert failure.value.log == tmp_path / "log"

    def test_a_bad_end_without_a_word_is_told_by_its_code(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="exit code 3"):
            _run(tmp_path, "exit 3")

    def test_what_takes_too_long_is_ended_with_its_children(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="it had not finished"):
            _run(tmp_path, f"sleep 600 & echo $! >{tmp_path}/child; wait", within_seconds=0.5)
        child = int((tmp_path / "child").read_text())
        assert _has_ended(child)

    def test_it_is_ended_once_there_is_no_hope(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="it had not finished"):
            _run(tmp_path, "exec sleep 600", give_up=lambda elapsed: elapsed > 0.2)


class TestMeter:
    def test_counts_and_estimates_what_is_left(self) -> None:
        meter = _meter(StringIO(), expected=4)
        meter.saw("go: downloading that")
        meter.saw("package/one")
        assert "1 of about 4 packages, about 0:00 left" in meter.line()

    def test_beyond_the_expected_count_it_promises_no_time(self) -> None:
        meter = _meter(StringIO(), expected=1)
        meter.saw("package/one")
        meter.saw("package/two")
        assert meter.line().endswith("2 of about 1 packages, the last step")

    def test_a_terminal_line_is_rewritten_and_wiped_at_the_end(self) -> None:
        stream = Terminal()
        meter = Meter("Working", None, stream, quiet_seconds=0)
        meter.show()
        meter.end(well=True)
        assert stream.getvalue() == ("\r\033[K  Working … 0:00\r\033[K  Working: done in 0:00.\n")


def _meter(stream: StringIO, expected: int) -> Meter:
    counted = Counted("packages", expected, lambda line: not line.startswith("go: "))
    return Meter("Working", counted, stream)


def _has_ended(pid: int) -> bool:
    """Gone, or a zombie that waits for init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True
