"""Prints how many of the product's files four everyday tasks pass through, one of them
measured twice: ``make walk``.

Fails where a task passes through more than its ceiling. Lower a ceiling when a change allows it.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tests.databases import migrated_sqlite
from tests.walks import WALKS
from tools.entered import Entered

FORK = get_context("fork")


@dataclass(frozen=True)
class Measure:
    """One line of the table. ``ceiling`` is the most files that it may count."""

    name: str
    task: str
    ceiling: int


MEASURES = (
    Measure("request", "a member's research request, until it is answered", 44),
    Measure("request and email", "the same, until its emails are with the sender", 63),
    Measure("reminder", "a reminder, from its activity to the sender", 34),
    Measure("board", "the board page", 26),
    Measure("assign", "milepost engagement assign", 36),
)


def measure() -> dict[str, list[str]]:
    """The files of each measure. Each task runs in a process of its own, with empty caches."""
    with tempfile.TemporaryDirectory(prefix="milepost-walk-") as folder:
        # The first database of a process takes seconds; the others copy it.
        migrated_sqlite(Path(folder) / "first.db")
        return {
            name: sorted(files) for walk in WALKS for name, files in _apart(walk, folder).items()
        }


def _apart(walk: str, folder: str) -> dict[str, set[str]]:
    receiving, sending = FORK.Pipe(duplex=False)
    place = Path(folder) / walk
    place.mkdir()
    process = FORK.Process(target=_take, args=(walk, place, sending))
    process.start()
    sending.close()
    try:
        files: dict[str, set[str]] = receiving.recv()
    except EOFError:
        raise RuntimeError(f"The walk {walk!r} failed; its traceback stands above.") from None
    finally:
        process.join()
    return files


def _take(walk: str, place: Path, sending: "Connection[object, object]") -> None:
    entered = Entered()
    entered.listen()
    WALKS[walk](entered, place)
    sending.send(entered.files)


def report(files: Mapping[str, list[str]], *, listed: bool) -> str:
    """The table; with ``listed``, each line is followed by its files."""
    lines = [f"{'files':>5}  {'ceiling':>7}  walk"]
    for one in MEASURES:
        found = files[one.name]
        lines.append(f"{len(found):>5}  {one.ceiling:>7}  {one.name}: {one.task}")
        if listed:
            lines += [f"{'':16}{file}" for file in found]
    return "\n".join(lines)


def exceeded(files: Mapping[str, list[str]]) -> list[str]:
    """One sentence for each measure above its ceiling."""
    return [
        f"{one.name} passes through {len(files[one.name])} files; its ceiling is {one.ceiling}."
        for one in MEASURES
        if len(files[one.name]) > one.ceiling
    ]


def main() -> int:
    """Measure, print, and return 1 where a ceiling is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tools.walk", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the files as well")
    listed = parser.parse_args().list
    files = measure()
    print(report(files, listed=listed))
    problems = exceeded(files)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
