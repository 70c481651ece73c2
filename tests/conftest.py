"""How the whole suite runs: the longest first, so that no process idles at the end.

All that is logged meanwhile is searched (``log_guard``).
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.worker._workflow import _WorkflowWorker

from tests.log_guard import pytest_configure as pytest_configure
from tests.log_guard import pytest_runtest_setup as pytest_runtest_setup
from tests.log_guard import pytest_sessionfinish as pytest_sessionfinish
from tests.log_guard import pytest_terminal_summary as pytest_terminal_summary
from tests.log_guard import pytest_testnodedown as pytest_testnodedown

pytest_plugins = ("tests.clock", "tests.clock_readers")

EXPECTED_SECONDS = {
    "timeout": 60.0,  # longer than others may take before they are ended
    "slow": 15.0,
    "dev_server": 4.0,
    "time_skipping": 4.0,
    "browser": 4.0,
}
"""What a test with this mark takes, roughly: only the order of whole files depends on it."""

OTHERS_SECONDS = 0.1

PATIENCE_SECONDS = 60
"""How long a workflow may compute without a pause before it counts as deadlocked."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test-nightly` gives it."""
    parser.addoption(
        "--nightly", action="store_true", help="Draw ten times as much, and fuzz with every role."
    )


@pytest.fixture(scope="session")
def nightly(pytestconfig: pytest.Config) -> bool:
    """Whether there is time for everything that can be drawn."""
    return bool(pytestconfig.getoption("--nightly"))


@pytest.fixture(scope="session")
def garbage(nightly: bool) -> int:
    """How many requests of garbage a webhook gets."""
    return 5_000 if nightly else 500


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of the time a test waits for something."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first where several processes share the work. One alone keeps the order
    of the names, as a developer who runs a few tests expects.

    A file runs in one process, so one that comes last keeps the others waiting for all of it.
    """
    if not hasattr(config, "workerinput"):
        return
    by_file: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        by_file[item.path] += expected_seconds(item)
    items.sort(key=lambda item: -by_file[item.path])


def expected_seconds(item: pytest.Item) -> float:
    """About how long a test takes, by its marks."""
    marks = (one.name for one in item.iter_markers())
    return max((EXPECTED_SECONDS.get(mark, 0.0) for mark in marks), default=0.0) or OTHERS_SECONDS


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Keep the SDK from taking a workflow for deadlocked that a busy machine holds up.

    After two seconds it interrupts such a workflow, whose task is then done again; a query fails.
    It has no setting for that. An interruption that hits a callback of the garbage collector goes
    nowhere: that is no fault of the test under way.
    """
    sys.unraisablehook = _but_for_interruptions(sys.unraisablehook)
    begin = _WorkflowWorker.__init__

    def begin_patiently(self: _WorkflowWorker, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        if self._deadlock_timeout_seconds is not None:
            self._deadlock_timeout_seconds = PATIENCE_SECONDS

    _WorkflowWorker.__init__ = begin_patiently  # type: ignore[method-assign]


def _but_for_interruptions(report: Callable[[Any], object]) -> Callable[[Any], None]:
    def hook(unraisable: Any) -> None:
        if type(unraisable.exc_value).__name__ != "_InterruptDeadlockError":
            report(unraisable)

    return hook
