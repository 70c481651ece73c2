"""A whole office in a process of its own, for tests: started as a user starts it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.clock import needs_real_time
from tests.log_guard import keep

ROOT = Path(__file__).parents[1]
ASK_EVERY_SECONDS = 0.1


class OfficeProcess:
    """`milepost up` or `milepost demo` on free ports, with its output in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        needs_real_time("the dev server of `milepost up`")
        self.folder = folder
        self.ports = _free_ports(3)
        self.environment = self._environment()
        self._output = folder.with_suffix(".output")
        self._arguments = arguments
        keep(folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def api(self) -> str:
        """Where its API answers."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def output(self) -> str:
        """What it has printed since it last started."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def start(self, *arguments: str) -> None:
        """Start it, with other arguments where some are given."""
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli", *(arguments or self._arguments)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, words: str, within: float) -> None:
        """Wait until it has printed these words."""
        deadline = time.monotonic() + within
        while words not in self.output:
            assert self._process is not None
            assert self._process.poll() is None, f"it ended by itself:\n{self.output}"
            assert time.monotonic() < deadline, f"never said {words!r}:\n{self.output}"
            time.sleep(ASK_EVERY_SECONDS)

    def end(self, number: signal.Signals, within: float = 60.0) -> int:
        """Send a signal and wait for its end; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=within)

    def wait(self, within: float) -> int:
        """Wait for its own end; the exit code."""
        assert self._process is not None
        return self._process.wait(timeout=within)

    def close(self) -> None:
        """End it by force if it still runs: its parts die with it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def pid_of_temporal(self) -> int:
        """The process of its Temporal server."""
        for process in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if b"start-dev" in words and str(self.ports[1]).encode() in words:
                    return int(process.name)
        raise AssertionError("its Temporal server does not run")

    def wait_until_gone(self, within: float = 60.0, *, of: Sequence[int] = ()) -> None:
        """Wait until none of its parts listens any more, or none on these of its ports."""
        deadline = time.monotonic() + within
        while any(_answers(port) for port in of or self.ports):
            assert time.monotonic() < deadline, "a part outlived its office"
            time.sleep(ASK_EVERY_SECONDS)

    def _environment(self) -> Mapping[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MILEPOST_", "TEMPORAL_"))
            or name in ("MILEPOST_CACHE", "MILEPOST_TEMPORAL_CLI")
        }
        api, temporal, ui = map(str, self.ports)
        return environment | {
            "MILEPOST_DATA_DIR": str(self.folder),
            "MILEPOST_API_PORT": api,
            "MILEPOST_TEMPORAL_PORT": temporal,
            "MILEPOST_TEMPORAL_UI_PORT": ui,
            "MILEPOST_LOG_LEVEL": "DEBUG",
            "COLUMNS": "200",
        }


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
