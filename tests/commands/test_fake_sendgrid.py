"""`milepost fake-sendgrid` serves on the loopback address, says how to use it, and what it did."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.commands.conftest import Run
from tests.fakes.sendgrid import KEY
from tests.fakes.sendgrid_webhook import Signer
from tests.fakes.test_sendgrid import mail
from tests.offices import ROOT


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The command at work, and the settings that it names."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "fake-sendgrid", "--port", "0", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "", "PYTHONUNBUFFERED": "1", "COLUMNS": "100"},
    )
    try:
        assert process.stdout is not None
        named: dict[str, str] = {}
        for line in process.stdout:
            if found := re.match(r"export (\w+)=(.+)", line):
                named[found[1]] = found[2]
            elif "Ctrl-C" in line:
                break
        yield process, named
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_it_takes_an_email_as_it_says_and_shows_in_the_end_what_it_did(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    with running("--seed", "4", "--events-to", "none", "--public-key-file", str(key_file)) as (
        process,
        named,
    ):
        assert named["MILEPOST_SENDER"] == "sendgrid"
        assert named["MILEPOST_SENDGRID_WEBHOOK_KEY"] == Signer(4).public_key
        assert key_file.read_text().strip() == Signer(4).public_key
        answer = httpx.post(
            f"{named['MILEPOST_SENDGRID_HOST']}/v3/mail/send",
            content=json.dumps(mail()),
            headers={
                "Authorization": f"Bearer {named['MILEPOST_SENDGRID_API_KEY']}",
                "Content-Type": "application/json",
            },
        )
        assert named["MILEPOST_SENDGRID_API_KEY"] == KEY
        assert answer.status_code == 202
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        shown = process.stdout.read()
        assert process.wait(10) == 0
    assert re.search(r"emails accepted\W+1\b", shown)
    assert re.search(r"answered: 202\W+1\b", shown)


def test_faults_that_do_not_exist_are_named_with_those_that_do(run: Run) -> None:
    result = run("fake-sendgrid", "--faults", "dropp=0.1")
    assert result.exit_code == 2
    assert "no fault 'dropp'" in result.output
    assert "drop" in result.output


def test_where_the_tests_are_not_installed_it_says_so_in_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tests.fakes.sendgrid", None)
    result = run("fake-sendgrid")
    assert result.exit_code == 3
    assert "installed without" in result.output
    assert "Traceback" not in result.output
