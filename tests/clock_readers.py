"""Which tests read the clock: ``pytest --today INSTANT --note-readers FILE``.

A test that reads no clock cannot depend on the day, so the other days need those alone that do
(``--only-readers FILE``). A reading counts for the test under way, or for each test that uses the
fixture under way where that one is shared. What writes logs or runs tests may read it freely.
Read by something that is imported, it fails the session: no test could be named for that.

The clocks of other programs are beyond this: a test marked ``dev_server`` or ``time_skipping``
counts as a reader.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import clock

_ROOT = Path(__file__).parent.parent
FREE = (
    *("/asyncio/", "/logging/", "/_pytest/", "/hypothesis/", "/pluggy/", "/pytest_", "/xdist/"),
    # When a connection was made, and which cookies have ended: ours end with the session.
    *("/sqlalchemy/pool/", "/structlog/", "/http/cookiejar.py"),
)
"""Code that reads the clock for itself."""


class Readers:
    """The tests that read the clock in this session, and where in the code."""

    def __init__(self) -> None:
        self.under_way = ""
        self.by_test: defaultdict[str, set[str]] = defaultdict(set)
        self.by_fixture: defaultdict[str, set[str]] = defaultdict(set)
        self.fixtures: list[str] = []

    def note(self) -> None:
        """Note the caller of the clock as its reader."""
        frame = sys._getframe(2)
        file = frame.f_code.co_filename
        if any(folder in file for folder in FREE) or file == clock.__file__:
            return
        place = f"{file.removeprefix(f'{_ROOT}/').rpartition('site-packages/')[2]}:{frame.f_lineno}"
        if self.fixtures:
            self.by_fixture[self.fixtures[-1]].add(place)
        else:
            self.by_test[self.under_way].add(place)


_readers: Readers | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    parser.addoption("--note-readers", type=Path, metavar="FILE", help="write who reads the clock")
    parser.addoption("--only-readers", type=Path, metavar="FILE", help="run what is noted there")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Listen from before anything of ours is collected."""
    global _readers
    if config.getoption("--note-readers") and _readers is None:
        _readers = Readers()
        clock.on_reading(_readers.note)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that have not read it."""
    noted = config.getoption("--only-readers")
    if noted is None:
        return
    names = set(json.loads(noted.read_text()))
    left_out = [item for item in items if item.nodeid not in names]
    items[:] = [item for item in items if item.nodeid in names]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
    """A shared fixture is set up once, for all who use it."""
    if _readers is None or fixturedef.scope == "function":
        return (yield)
    _readers.fixtures.append(fixturedef.argname)
    try:
        return (yield)
    finally:
        _readers.fixtures.pop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What is read from now on, this test reads."""
    if _readers is None:
        return (yield)
    _readers.under_way = item.nodeid
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the tests that have read it."""
    if _readers is None:
        return
    found = {
        item.nodeid: sorted(
            _readers.by_test[item.nodeid].union(
                *(_readers.by_fixture[name] for name in getattr(item, "fixturenames", ()))
            )
        )
        for item in session.items
    }
    session.config.getoption("--note-readers").write_text(
        json.dumps({name: places for name, places in found.items() if places}, indent=1)
    )
    if imported := _readers.by_test.get(""):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"read while something was imported: {sorted(imported)}")
