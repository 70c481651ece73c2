"""Keeps everything that is logged while tests run, at DEBUG, and fails where it says too much.

What is logged is kept as it comes, before ``observability`` hides addresses and secrets: that is
the last net, and nothing may count on it. Loggers that ``observability`` keeps to warnings are kept
to them here, too. Each process of the session searches what it has kept;
the process that leads it fails.
"""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import structlog

import observability
from tests.leaks import leaks_in

LEAKS = "milepost_leaks"

NOT_OURS = ("mail.log",)
"""The loggers of servers that stand in for others': a mail server logs whom it serves."""

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_UNSAID = frozenset(observability.INTERNALS)


class Everything(logging.Formatter):
    """The message, the traceback, and whatever else a record carries."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        more = {
            name: value
            for name, value in vars(record).items()
            if name not in _USUAL and name not in _UNSAID
        }
        return f"{record.levelname} {record.name} {super().format(record)} {more or ''}"


class LogGuard:
    """The log of one test process, and the files of the processes that its tests started."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="milepost-logs-"))
        self._handler = logging.FileHandler(self.folder / "tests.log", "w", "utf-8")
        self._handler.setFormatter(Everything())
        self._handler.addFilter(lambda record: not record.name.startswith(NOT_OURS))
        self._kept: list[Path] = []

    def listen(self) -> None:
        """Hear everything, whatever a test has set up for itself before."""
        root = logging.getLogger()
        if self._handler not in root.handlers:
            root.addHandler(self._handler)
        if root.level != logging.DEBUG:
            root.setLevel(logging.DEBUG)
        observability.quieten()
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.format_exc_info,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            logger_factory=structlog.stdlib.LoggerFactory(),
            cache_logger_on_first_use=False,
        )

    def keep(self, place: Path) -> None:
        """Search the logs of another process, too."""
        self._kept.append(place)

    def leaks(self) -> list[str]:
        """Whatever must not be there."""
        self._handler.flush()
        kept = [log for place in self._kept for log in logs_at(place)]
        return [str(leak) for file in (self.folder / "tests.log", *kept) for leak in leaks_in(file)]

    def close(self, *, forget: bool) -> None:
        """Stop; without leaks nothing is left behind."""
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()
        if forget:
            shutil.rmtree(self.folder, ignore_errors=True)


def logs_at(place: Path) -> list[Path]:
    """A log, or the logs in a folder; nothing where a test has cleared it away."""
    if place.is_dir():
        return sorted(place.rglob("*.log"))
    return [place] if place.is_file() else []


_guard: LogGuard | None = None
_leaks: list[str] = []


def keep(place: Path) -> None:
    """Once all tests are over, search what a process logs there that a test has started."""
    if _guard is not None:
        _guard.keep(place)


def pytest_configure(config: pytest.Config) -> None:
    """Begin, in every process that runs tests."""
    global _guard
    if _guard is None and not config.getoption("collectonly"):
        _guard = LogGuard()
        _guard.listen()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test before may have set up logging for itself."""
    if _guard is not None:
        _guard.listen()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of xdist has found."""
    _leaks.extend(getattr(node, "workeroutput", {}).get(LEAKS, []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Search, and fail the session."""
    if _guard is None:
        return
    found = _guard.leaks()
    _guard.close(forget=not found)
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[LEAKS] = found
        return
    _leaks.extend(found)
    if _leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where."""
    if _leaks:
        terminalreporter.section("logs that say too much", red=True)
        for leak in _leaks[:50]:
            terminalreporter.line(leak)
        terminalreporter.line(f"{len(_leaks)} in all; see tests/leaks.py for what is looked for.")
