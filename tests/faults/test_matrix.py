"""Whatever breaks: no notification is lost, and none is sent twice. The matrix in its short form.

``make test-faults`` plays the long one. Rows that mostly wait are played side by side.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from temporalio.client import Client

from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.server import ATTRIBUTES
from tests.faults.matrix import NEVER_ANSWERED, REFUSED, ROWS, play
from tests.faults.rows import Setting
from tests.faults.stage import Run
from tests.faults.tally import Tally, table
from tests.servers import dev_server

pytestmark = [pytest.mark.dev_server, pytest.mark.slow, pytest.mark.timeout(900)]

SHORT = Run(seed=1, count=40, kills=1)
SHORTER = Run(seed=1, count=8)
"""For the day, in which each email is tried a hundred times."""

KILLED = tuple(name for name in ROWS if name.startswith("worker killed"))
OUTAGES = tuple(name for name in ROWS if name.startswith(("database", "Temporal", "provider")))
STALLED = tuple(name for name in OUTAGES if "stalled" in name)
"""Apart from the others: two databases cannot be set up at once in one process."""
MISHAPS = tuple(name for name in ROWS if name not in (*KILLED, *OUTAGES))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A Temporal server for all rows but the one that ends its own."""
    with dev_server(ATTRIBUTES) as running:
        yield running


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder, once the empty database that all runs start from is made."""
    migrated_sqlite(tmp_path / "empty.db")
    return tmp_path


async def all_right(address: str, folder: Path, *rows: str, side_by_side: bool = False) -> None:
    """Play these rows, show their figures, and see that they are right."""
    done: dict[str, Tally] = {}
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    setting = Setting(client, address, folder)

    async def one(row: str) -> None:
        done[row] = await play(row, setting, [SHORTER if "for a day" in row else SHORT])

    if side_by_side:
        await asyncio.gather(*(one(row) for row in rows))
    else:
        for row in rows:
            await one(row)
    Console(width=120).print(table(done, "The fault matrix, in short"))
    assert {row: one for row, one in done.items() if not one.is_right} == {}


async def test_no_mishap_of_the_provider_loses_or_doubles_anything(
    address: str, empty: Path
) -> None:
    await all_right(address, empty, *MISHAPS)


async def test_no_death_of_a_worker_loses_or_doubles_anything(address: str, empty: Path) -> None:
    await all_right(address, empty, *KILLED, side_by_side=True)


@pytest.mark.postgres
@pytest.mark.time_skipping
async def test_no_outage_loses_or_doubles_anything(address: str, empty: Path) -> None:
    others = (name for name in OUTAGES if name not in STALLED)
    await all_right(address, empty, *others, side_by_side=True)


@pytest.mark.postgres
async def test_a_database_that_stalls_starts_no_second_attempt(address: str, empty: Path) -> None:
    await all_right(address, empty, *STALLED)


def test_the_rows_that_may_leave_something_unresolved_or_refused_are_known() -> None:
    assert set(ROWS) > NEVER_ANSWERED
    assert set(ROWS) > REFUSED
    assert len(ROWS) >= 12
