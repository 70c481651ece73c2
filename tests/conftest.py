"""How the whole suite runs: the longest first, so that no process idles at the end.

All that is logged meanwhile is searched (``log_guard``).
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.log_guard import pytest_configure as pytest_configure
from tests.log_guard import pytest_runtest_setup as pytest_runtest_setup
from tests.log_guard import pytest_sessionfinish as pytest_sessionfinish
from tests.log_guard import pytest_terminal_summary as pytest_terminal_summary
from tests.log_guard import pytest_testnodedown as pytest_testnodedown

pytest_plugins = ("tests.clock", "tests.clock_readers")

LONGEST_FIRST = (
    "durability/test_killed_workers.py",
    "durability/test_reconciling.py",
    "api/test_fuzzing.py",
    "demo/test_demo.py",
    "notifications/calendar/test_calendar_stories.py",
    "notifications/test_accessibility.py",
    "workflows/test_journey.py",
    "faults/test_matrix.py",
    "api/webhooks/test_inbound.py",
    "api/webhooks/test_sendgrid_events.py",
    "commands/test_up.py",
    "notifications/calendar/test_invitations.py",
    "api/test_reading.py",
    "api/test_journeys.py",
    "complaints/test_complaints.py",
    "notifications/delivery/test_batching.py",
    "notifications/delivery/test_ledger.py",
    "durability/test_restarted_server.py",
    "durability/test_lost_engagements.py",
    "complaints/test_recovery.py",
    "activities/test_deliver.py",
    "services/test_dispatch.py",
    "durability/test_continue_as_new.py",
    "durability/test_database_away.py",
    "durability/test_cancelling.py",
    "replay/test_replay.py",
    "embedded/test_temporal_server.py",
)
"""As `--durations=0` added up last (24 November 2026); only the order matters, and not to a second.
A file runs in one process, so one that comes last keeps the others waiting for all of it."""


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
    of the names, as a developer who runs a few tests expects."""
    if not hasattr(config, "workerinput"):
        return
    ranks = {f"tests/{name}": rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Bear with the SDK where it takes a workflow for deadlocked that a busy machine holds up.

    It interrupts such a workflow, whose task is then done again. An interruption that hits a
    callback of the garbage collector goes nowhere: that is no fault of the test under way.
    """
    sys.unraisablehook = _but_for_interruptions(sys.unraisablehook)


def _but_for_interruptions(report: Callable[[Any], object]) -> Callable[[Any], None]:
    def hook(unraisable: Any) -> None:
        if type(unraisable.exc_value).__name__ != "_InterruptDeadlockError":
            report(unraisable)

    return hook
