"""The embedded product, for real: one office a folder, a first token, clean ends, no orphans."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from embedded.folder import running_in
from settings import settings
from tests.commands.conftest import Run
from tests.offices import OfficeProcess


@pytest.fixture
def office(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfficeProcess]:
    """An office in the folder that the command line under test looks at."""
    office = OfficeProcess(folder / "var", "up", "--manager-name", "Ada Okafor")
    for name, value in office.environment.items():
        if name.startswith("MILEPOST_"):
            monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield office
    office.close()


def first_token(office: OfficeProcess) -> str:
    return next(line for line in office.output.splitlines() if line.startswith("mp_"))


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that does nothing for the length of the block, not even end."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.dev_server
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_office_opens_serves_is_killed_and_opens_again(office: OfficeProcess, run: Run) -> None:
    office.start()
    office.wait_for("Press Ctrl-C", within=300)
    me = httpx.get(
        f"{office.api}/api/v1/me",
        headers={"Authorization": f"Bearer {first_token(office)}"},
        trust_env=False,
    )
    assert me.json()["name"] == "Ada Okafor"
    # A second one in the same folder is told who is there.
    second = run("up")
    assert second.exit_code == 1
    assert office.api in second.output
    assert run("doctor").exit_code == 0
    # The command line finds the office that runs in its folder.
    run("programme", "add", "tour")
    run("member", "add", "Cardiff", "--nation", "WLS", "--lead", "Siân <sian@x.example.org>")
    start = ("engagement", "start", "--member", "cardiff", "--programme", "tour")
    started = run(*start, "--start", "2026-11-24", "--manager", "Ada Okafor", "--json")
    assert started.exit_code == 0, started.output
    engagement = json.loads(started.stdout)
    assert engagement["stage"] == "onboarding"
    assert "Cardiff" in run("engagement", "show", engagement["id"]).output
    assert run(*start, "--start", "2026-11-24").exit_code == 1
    assert "Cardiff" in run("engagement", "list", "--health", "on_track").output

    # Its Temporal takes its time to end: the next office waits for it.
    with frozen(office.pid_of_temporal()):
        office.end(signal.SIGKILL)
        office.wait_until_gone(of=office.ports[:1])
        assert running_in(office.folder) is None
        down = run(*start, "--start", "2026-11-24")
        assert down.exit_code == 3, down.output
        office.start()
        office.wait_for("Waiting for the last run", within=300)
    office.wait_for("Press Ctrl-C", within=300)
    assert "mp_" not in office.output, "the first token is printed once"
    assert office.end(signal.SIGTERM) == 0
    assert "Everything has stopped." in office.output
    office.wait_until_gone(within=1)


@pytest.mark.dev_server
def test_a_port_that_is_in_use_is_told_in_one_sentence(office: OfficeProcess, run: Run) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", office.ports[0]))
        listener.listen()
        result = run("up")
    assert result.exit_code == 1
    assert f"port {office.ports[0]}" in result.output
    assert "MILEPOST_API_PORT" in result.output


def test_without_any_way_to_a_server_it_says_the_three_ways(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_TEMPORAL_CLI", "/nowhere/temporal")
    result = run("up")
    assert result.exit_code == 3
    assert "/nowhere/temporal" in result.output
