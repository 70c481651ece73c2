"""``make test-faults``: the whole fault matrix as one table; exit code 1 where a row is not right.

``python -m tests.faults [--count 200] [--seeds 5] [--rows WORDS]``
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from temporalio.client import Client

import observability
from ending import run_and_leave
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.server import ATTRIBUTES
from tests.faults.matrix import ROWS, play
from tests.faults.rows import Setting
from tests.faults.stage import Run
from tests.faults.tally import Tally, table
from tests.servers import dev_server

WIDTH = 120

DAYS_MOST = 60
"""In a day of an outage each is tried a hundred times: more are too much for the server that skips
time."""


def main() -> None:
    """Read what is asked, and play it. Raises ``SystemExit`` with the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--count", type=int, default=200, help="notifications of one run")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each row")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rows", default="", help="only rows whose name has these words")
    asked = parser.parse_args()
    # Every fault is a warning in the log; the table says what came of it.
    observability.configure("CRITICAL", "console")
    with tempfile.TemporaryDirectory() as folder, dev_server(ATTRIBUTES) as address:
        # Once outside of any event loop: the empty database that all runs start from.
        migrated_sqlite(Path(folder) / "empty.db")
        sys.exit(asyncio.run(play_all(asked, address, Path(folder))))


def most(row: str) -> int:
    """How many notifications a run of that row can have."""
    return DAYS_MOST if "for a day" in row else sys.maxsize


async def play_all(asked: argparse.Namespace, address: str, folder: Path) -> int:
    """Play the rows one after the other, each with its seeds; print how it goes, then the table."""
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    runs = [Run(seed, asked.count) for seed in seeds]
    console = Console(width=WIDTH)
    done: dict[str, Tally] = {}
    client = await Client.connect(address, data_converter=DATA_CONVERTER)
    setting = Setting(client, address, folder)
    for row in ROWS:
        if asked.rows in row:
            began = time.monotonic()
            row_runs = [replace(run, count=min(run.count, most(row))) for run in runs]
            try:
                done[row] = await play(row, setting, row_runs)
            except Exception as error:  # the other rows have something to say all the same
                done[row] = Tally().but(f"it broke off: {type(error).__name__}: {error}")
            console.print(f"{row}: {time.monotonic() - began:.0f} s", style="dim")
    console.print(table(done, f"{asked.count} notifications, {asked.seeds} seeds"))
    for row, figures in done.items():
        for problem in figures.problems:
            console.print(f"{row}: {problem}", style="red")
    return 0 if all(one.is_right for one in done.values()) else 1


if __name__ == "__main__":
    run_and_leave(main)
