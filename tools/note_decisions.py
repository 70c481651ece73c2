"""Notes what the workflows decide in every recorded history, as the code is now.

    python -m tools.note_decisions

Run it when a change of the workflows' decisions is meant. Each value that changed is a line in the
difference of the ``.decisions`` files, for the reviewer. Histories are never touched.
"""

import asyncio
import sys
from pathlib import Path

from tests.replay.gate import longest, replayed
from tests.replay.noted import write_noted

LINE = "{count} histories are noted"
CANNOT = "{path}: running engagements cannot continue with this code. {failure}"


async def note(paths: list[Path]) -> list[str]:
    """Write the file of each history. Returns what prevents it, a sentence for each history."""
    problems = []
    async for path, result in replayed(paths):
        if result.failure:
            problems.append(CANNOT.format(path=path, failure=result.failure))
        else:
            write_noted(path, result)
    return problems


def main() -> int:
    """Note all of them."""
    paths = longest()
    problems = asyncio.run(note(paths))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(LINE.format(count=len(paths) - len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
