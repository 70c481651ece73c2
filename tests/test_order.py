"""The order of the whole suite names files that are there."""

from pathlib import Path

from tests.conftest import LONGEST_FIRST


def test_every_file_that_is_to_begin_first_is_there() -> None:
    missing = [name for name in LONGEST_FIRST if not (Path(__file__).parent / name).exists()]
    assert missing == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)
