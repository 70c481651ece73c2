"""``make test-days``: the tests that read the clock, on each of the days below.

``python -m tests.days [--sample] [PYTEST ARGUMENTS]``

The first day runs every test within this process's reach, and notes which of them read the clock
(``tests.clock_readers``): the other days run those. With ``--sample`` three of the worst instants
run the files named here, which takes about a minute. Exit code 1 where a day fails, or where a file
reads the clock that is not named.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

LATE = "23:59"
"""The minute before midnight in London: what is begun today ends tomorrow."""

DAYS = (
    "2026-11-30",
    "2026-12-24",
    "2026-12-25",
    "2026-12-28",
    "2026-12-31",
    "2027-01-01",
    "2027-01-30",
    "2027-02-28",
    "2027-03-17",
    "2027-03-26",
    # Easter Sunday, and the clocks go forward.
    "2027-03-28",
    "2027-03-29",
    "2027-03-31",
    "2027-05-31",
    "2027-07-12",
    "2027-08-30",
    "2027-10-30",
    "2027-10-31",
    "2027-11-30",
    "2027-12-25",
    "2027-12-31",
    "2028-02-28",
    "2028-02-29",
    "2028-03-25",
    "2028-03-26",
    "2028-04-14",
    "2028-10-29",
    "2028-12-31",
    "2029-03-25",
    "2029-07-31",
    "2029-10-28",
    "2029-11-30",
)
"""At the minute before midnight: bank holidays, week-ends, ends of months, clock changes."""

CHANGES = (
    # The minute before the clocks go forward, from 1 to 2, and back, from 2 to 1; and after.
    "2027-03-28T00:59:30",
    "2027-10-31T01:59:30+01:00",
    "2027-10-31T01:59:30+00:00",
    "2028-03-26T12:00",
)

SAMPLE = ("2027-03-28T00:59:30", "2027-10-31T01:59:30+01:00", "2028-02-29T23:59:59")

READERS = (
    "tests/activities/test_record.py",
    "tests/api/test_templates.py",
    "tests/commands/test_choices.py",
    "tests/storage/master/test_texts.py",
)
"""Files with tests that read the clock without a server."""

WITHIN_REACH = "not dev_server and not time_skipping and not browser"


def main(arguments: list[str]) -> int:
    """Run them all; say which days failed, and give the exit code."""
    if "--sample" in arguments:
        rest = [one for one in arguments if one != "--sample"]
        return _said([day for day in SAMPLE if run(day, *READERS, *rest)])
    instants = [f"{day}T{LATE}" for day in DAYS]
    first, others = instants[0], [*instants[1:], *CHANGES]
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "readers.json"
        failed = [first] if run(first, f"--note-readers={noted}", *arguments) else []
        names: dict[str, list[str]] = json.loads(noted.read_text())
        unnamed = {name.partition("::")[0] for name in names} - set(READERS)
        for file in sorted(unnamed):
            print(f"tests/days.py: READERS lacks {file}", file=sys.stderr)
        failed += [day for day in others if run(day, f"--only-readers={noted}", *arguments)]
    return _said(failed) or bool(unnamed)


def run(instant: str, *arguments: str) -> int:
    """One day; the exit code."""
    print(f"\n{instant}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", WITHIN_REACH, f"--today={instant}"]
    return subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode


def _said(failed: list[str]) -> int:
    for day in failed:
        print(f"failed on {day}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
