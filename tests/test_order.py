"""The order of the whole suite: files whose tests take longest begin first."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import pytest_collection_modifyitems


class Item:
    """A test of a file, with these marks."""

    def __init__(self, file: str, *marks: str) -> None:
        self.path = Path(file)
        self._marks = [SimpleNamespace(name=mark) for mark in marks]

    def iter_markers(self) -> list[SimpleNamespace]:
        """As pytest gives them."""
        return self._marks


ITEMS = (
    Item("test_quick.py"),
    Item("test_server.py", "dev_server"),
    Item("test_many.py", "dev_server"),
    Item("test_many.py", "dev_server"),
    Item("test_longest.py", "dev_server", "slow", "timeout"),
    Item("test_slow.py", "slow", "dev_server"),
)
LONGEST_FIRST = ["test_longest", "test_slow", "test_many", "test_many", "test_server", "test_quick"]


@pytest.mark.parametrize("shared", [True, False])
def test_the_longest_files_begin_first_where_processes_share_the_work(shared: bool) -> None:
    items: Any = list(ITEMS)
    config: Any = SimpleNamespace(workerinput={}) if shared else SimpleNamespace()
    pytest_collection_modifyitems(config, items)
    expected = LONGEST_FIRST if shared else [item.path.stem for item in ITEMS]
    assert [item.path.stem for item in items] == expected
