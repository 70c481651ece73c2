"""Sets the clock by which the tests run: ``pytest --today 2027-03-28T23:59``.

Without an offset the instant is one in London. ``time_machine`` then moves the clock of the whole
process, all threads of it, before anything is collected. From there it runs in real time.

1. Each test begins at the instant itself, so that one set to 23:59 does not become a run of the
   next morning.
2. A test on a Temporal server shares the server's clock, which cannot be set back. In
   those, time starts at that instant plus the session's elapsed time.
3. Python processes that a test starts get the same clock (``tests/child_clock``).
4. Temporal's dev server keeps real time. A time-skipping server replaces it, moved to the
   instant and from then on at the pace of real time (``tests.stand_in``). A test that it cannot
   serve is skipped: see ``needs_real_time``.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

LONDON = ZoneInfo("Europe/London")
ON_A_SERVER = ("dev_server", "time_skipping")


class SetClock:
    """The clock of a session that was given a day."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant
        self._began = time.monotonic()
        # As a number: an aware instant would change the time zone of the process as well.
        self._traveller = time_machine.travel(instant.timestamp(), tick=True)
        self._clock = self._traveller.start()
        self._real_time = time_machine.escape_hatch.time.time
        os.environ["PYTHONPATH"] = str(Path(__file__).parent / "child_clock")
        self._tell_children()

    def on_reading(self, told: Callable[[], object]) -> None:
        """Tell ``told`` of each reading of the clock; the reader is two frames above it."""
        read = self._clock.time_ns

        def time_ns() -> int:
            told()
            return read()

        self._clock.time_ns = time_ns  # type: ignore[method-assign]

    def begin(self, *, on_a_server: bool) -> None:
        """Set the clock for the next test."""
        elapsed = time.monotonic() - self._began if on_a_server else 0.0
        self._clock.move_to(self.instant.timestamp() + elapsed)
        self._tell_children()

    def _tell_children(self) -> None:
        os.environ["MILEPOST_TESTS_AHEAD"] = str(time.time() - self._real_time())

    def stop(self) -> None:
        """Give the process its own time back."""
        self._traveller.stop()


_set: SetClock | None = None


def is_set() -> bool:
    """Whether the tests run on a day that was asked for, and not on today."""
    return _set is not None


def on_reading(told: Callable[[], object]) -> None:
    """Tell ``told`` of each reading. Raises ``UsageError`` where the clock is not set."""
    if _set is None:
        raise pytest.UsageError("--note-readers needs --today")
    _set.on_reading(told)


def needs_real_time(why: str) -> None:
    """Skip the test where the clock is set. What it starts keeps real time, and ``why`` says so."""
    if is_set():
        pytest.skip(f"keeps real time: {why}")


def read_instant(text: str) -> datetime:
    """``2027-03-28T23:59`` in London, or with an offset of its own. Raises ``ValueError``."""
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption(
        "--today",
        type=read_instant,
        metavar="INSTANT",
        help="run the tests as if it were this instant, in London unless it has an offset",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the clock before anything is imported that might read it."""
    global _set
    instant = config.getoption("--today")
    if instant is not None and _set is None:
        _set = SetClock(instant)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each test begins at the instant."""
    if _set is not None:
        _set.begin(on_a_server=any(item.get_closest_marker(name) for name in ON_A_SERVER))


def pytest_unconfigure() -> None:
    """Give the process its own time back."""
    global _set
    if _set is not None:
        _set.stop()
        _set = None


def pytest_report_header() -> str | None:
    """Say which day it is."""
    return f"today: {_set.instant.astimezone(LONDON):%A %d %B %Y, %H:%M %Z}" if _set else None
