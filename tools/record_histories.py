"""Records the histories that each later version of the workflows must still be able to replay.

    python -m tools.record_histories v2

Run it when the workflows have a new shape that is about to be released (docs/decisions/0005). It
plays the stories of tests/replay with the code as it is, and writes a folder of its own. What was
recorded before is never touched, because engagements of that shape may still be running. The
decisions are noted beside each history (tools/note_decisions.py).
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.replay.begun_anew import play_on_a_server
from tests.replay.gate import longest
from tests.replay.kept import FINGERPRINTS, HISTORIES, fingerprint, write
from tests.replay.playing import Histories
from tests.replay.recording import play_on_skipping_time
from tools.note_decisions import note

LINE = "{count} histories, {size} KB, in {folder}"
USAGE = "usage: python -m tools.record_histories v<number of a shape that is not recorded yet>"


async def play() -> tuple[Histories, Histories]:
    """Everything that is to be recorded; of the first part, fingerprints too."""
    with tempfile.TemporaryDirectory(prefix="milepost-recording-") as folder:
        return await play_on_skipping_time(Path(folder)), await play_on_a_server(Path(folder))


def record(folder: Path) -> None:
    """Play everything, and write it into a folder that is not there yet."""
    skipped, served = asyncio.run(play())
    folder.mkdir(parents=True)
    for name, history in (skipped | served).items():
        write(history, folder / f"{name}.json")
    fingerprints = {name: fingerprint(history) for name, history in sorted(skipped.items())}
    (folder / FINGERPRINTS).write_text(json.dumps(fingerprints, indent=1) + "\n")
    asyncio.run(note([path for path in longest() if path.parent == folder]))
    size = sum(path.stat().st_size for path in folder.iterdir()) // 1024
    print(LINE.format(count=len(skipped | served), size=size, folder=folder))


def main(arguments: list[str]) -> int:
    """Record the shape that the only argument names."""
    if len(arguments) != 1 or not arguments[0].removeprefix("v").isdecimal():
        print(USAGE, file=sys.stderr)
        return 2
    folder = HISTORIES / arguments[0]
    if folder.exists():
        print(USAGE, file=sys.stderr)
        return 2
    record(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
