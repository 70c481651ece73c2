"""The demo remembers how far it has come, and forgets when the office is gone."""

from datetime import date
from pathlib import Path

import pytest

from demo.memory import NAME, Memory, Part, Unreadable

TODAY = date(2026, 11, 24)


def test_a_new_folder_begins_a_new_story(tmp_path: Path) -> None:
    memory = Memory.of(tmp_path, TODAY)
    assert memory.first_day == TODAY
    assert memory.parts == {}


def test_what_was_kept_is_there_the_next_day(tmp_path: Path) -> None:
    memory = Memory.of(tmp_path, TODAY)
    memory.people["maya"] = "per_1"
    memory.parts["cardiff"] = Part("eng_1", moves=3, requests={"wages": "itm_1"})
    memory.tours = 2
    memory.keep()
    assert Memory.of(tmp_path, date(2026, 11, 25)) == memory


def test_a_forgotten_story_begins_anew(tmp_path: Path) -> None:
    Memory.of(tmp_path, date(2026, 1, 1)).keep()
    Memory.forget(tmp_path)
    Memory.forget(tmp_path)
    assert Memory.of(tmp_path, TODAY).first_day == TODAY


@pytest.mark.parametrize(
    "written", ["", "[]", "{}", '{"parts": {}, "first_day": "2026-11-24", "x": 1}']
)
def test_what_another_version_wrote_is_refused_by_name(tmp_path: Path, written: str) -> None:
    (tmp_path / NAME).write_text(written)
    with pytest.raises(Unreadable, match=NAME):
        Memory.of(tmp_path, TODAY)
