"""A process that ends itself keeps its exit code and loses nothing that it said."""

import subprocess
import sys

import pytest


def run(program: str) -> "subprocess.CompletedProcess[str]":
    script = f"from ending import run_and_leave\nimport sys\ndef run():\n    {program}\n"
    return subprocess.run(
        [sys.executable, "-c", f"{script}run_and_leave(run)"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "code"),
    [("pass", 0), ("sys.exit(0)", 0), ("sys.exit(3)", 3), ("sys.exit('no')", 1), ("1 / 0", 1)],
)
def test_the_exit_code_is_the_programs(program: str, code: int) -> None:
    assert run(program).returncode == code


def test_what_was_printed_is_there() -> None:
    done = run("print('out', end=''); print('err', end='', file=sys.stderr)")
    assert (done.stdout, done.stderr) == ("out", "err")


def test_an_error_is_reported_as_ever() -> None:
    assert "ZeroDivisionError" in run("1 / 0").stderr
