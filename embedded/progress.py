"""Runs one long command and shows how far it is: elapsed time, a count and an estimate."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

from embedded.sentences import say

TERMINAL_EVERY_SECONDS = 0.2
LOG_EVERY_SECONDS = 10.0
QUIET_SECONDS = 2.0


class CommandFailed(Exception):
    """A command did not end well; `reason` is one line that says how, `log` has everything."""

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


@dataclass(frozen=True)
class Counted:
    """What to count in the command's output, and how many there are when all of it is new."""

    noun: str
    expected: int
    counts: Callable[[str], bool]


class Meter:
    """One line that says how far a command is; rewritten on a terminal, repeated in a log."""

    def __init__(
        self,
        title: str,
        counted: Counted | None,
        stream: TextIO,
        *,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._title = title
        self._counted = counted
        self._stream = stream
        self._quiet = quiet_seconds
        self._terminal = stream.isatty()
        self._began = time.monotonic()
        self._shown = 0.0
        self._count = 0

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def saw(self, line: str) -> None:
        if self._counted is not None and self._counted.counts(line):
            self._count += 1

    def show(self) -> None:
        """Say how far it is, if it has taken long enough and it is time to say it again."""
        elapsed = self.elapsed
        every = TERMINAL_EVERY_SECONDS if self._terminal else LOG_EVERY_SECONDS
        if elapsed < self._quiet or (self._shown and elapsed - self._shown < every):
            return
        self._shown = elapsed
        self._stream.write(f"\r\033[K{self.line()}" if self._terminal else f"{self.line()}\n")
        self._stream.flush()

    def line(self) -> str:
        """`title … 0:42, 310 of about 1,480 packages, about 2:10 left`"""
        line = say("progress", title=self._title, clock=_clock(self.elapsed))
        if self._counted is None or not self._count:
            return line
        of = self._counted
        line += say("progress_count", count=self._count, expected=of.expected, noun=of.noun)
        share = self._count / of.expected
        if share >= 1:
            return line + say("progress_last")
        return line + say("progress_left", clock=_clock(self.elapsed / share * (1 - share)))

    def end(self, *, well: bool) -> None:
        """Wipe the line; say how long it took where a person has been waiting for it."""
        if self._shown and self._terminal:
            self._stream.write("\r\033[K")
        if self._shown and well:
            done = say("done", title=self._title, clock=_clock(self.elapsed))
            self._stream.write(f"  {done}\n")
        self._stream.flush()


def run_shown(
    command: Sequence[str | Path],
    *,
    title: str,
    log: Path,
    environment: Mapping[str, str],
    within_seconds: float,
    counted: Counted | None = None,
    give_up: Callable[[float], bool] = lambda elapsed: False,
    stream: TextIO | None = None,
) -> None:
    """Run the command, show progress on `stream` (stderr), keep its output in `log`.

    Raises CommandFailed on a bad exit code, after `within_seconds`, or once `give_up` says so.
    The command and its children are ended in each of these cases, and on Ctrl-C.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    meter = Meter(title, counted, stream or sys.stderr)
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=dict(environment),
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, log, lines), daemon=True)
    reader.start()
    last = ""
    try:
        while process.poll() is None:
            last = _drain(lines, meter) or last
            meter.show()
            if meter.elapsed > within_seconds or give_up(meter.elapsed):
                raise CommandFailed(say("timed_out", seconds=meter.elapsed), log)
            try:
                process.wait(timeout=TERMINAL_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        _end_group(process)
        reader.join(timeout=5)
        process.stdout.close()
        meter.end(well=process.returncode == 0)
    last = _drain(lines, meter) or last
    if process.returncode:
        raise CommandFailed(last or say("exited", code=process.returncode), log)


def _read(output: IO[str], log: Path, lines: "queue.SimpleQueue[str]") -> None:
    with log.open("w") as kept:
        for line in output:
            kept.write(line)
            kept.flush()
            lines.put(line.rstrip())


def _drain(lines: "queue.SimpleQueue[str]", meter: Meter) -> str:
    """Count what has arrived; the last line that says something, or nothing."""
    last = ""
    while not lines.empty():
        line = lines.get()
        meter.saw(line)
        last = line.strip() or last
    return last


def _end_group(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
