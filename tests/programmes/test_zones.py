"""Dates do not depend on the time zones that a machine happens to have."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

import programmes

SHOWS_AN_OFFSET = """
from datetime import date, time
from programmes.calendar import WorkingCalendar
nine = WorkingCalendar("Europe/London", (0, 1, 2, 3, 4), time(9), time(17), time(9), time(16), ())
print(nine.send_opening(date(2027, 1, 11)).isoformat())
"""


def test_the_machines_own_files_are_not_looked_at() -> None:
    assert programmes
    assert TZPATH == ()


def test_a_machine_with_other_rules_for_london_gives_the_same_dates(tmp_path: Path) -> None:
    tokyo = files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes()
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "London").write_bytes(tokyo)
    said = subprocess.run(
        [sys.executable, "-c", SHOWS_AN_OFFSET],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == "2027-01-11T09:00:00+00:00"
