"""What counts as entered: functions, in every thread; not what an import runs."""

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.entered import Entered

MODULE = """
class Shape:
    def draw(self):
        return [line for line in ()]

def mark(function):
    return function

@mark
def run():
    return Shape().draw()
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of its own: ``walked.product``, and ``tests`` around it."""
    for folder in ("walked", "tests/walked_tests"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "product.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "tests"))
    profile = sys.getprofile()
    yield tmp_path
    threading.setprofile(None)
    sys.setprofile(profile)
    for name in [name for name in sys.modules if name.startswith("walked")]:
        del sys.modules[name]


@pytest.fixture
def entered(root: Path) -> Entered:
    listening = Entered(root)
    listening.listen()
    return listening


def product(name: str = "walked.product") -> Callable[[], object]:
    """The function ``run`` of a module."""
    run: Callable[[], object] = importlib.import_module(name).run
    return run


def test_a_function_counts_under_every_name_that_is_noted(entered: Entered) -> None:
    run = product()
    with entered.noting("one", "two"):
        run()
    with entered.noting("three"):
        pass
    expected = {"walked/product.py"}
    assert entered.files == {"one": expected, "two": expected, "three": set()}


def test_a_function_counts_in_another_thread(entered: Entered) -> None:
    thread = threading.Thread(target=product())
    with entered.noting("one"):
        thread.start()
        thread.join()
    assert entered.files == {"one": {"walked/product.py"}}


def test_what_runs_during_an_import_does_not_count(entered: Entered) -> None:
    with entered.noting("one"):
        product()
    assert entered.files == {"one": set()}


def test_neither_tests_nor_libraries_count(entered: Entered) -> None:
    run = product("walked_tests.product")
    with entered.noting("one"):
        run()
        importlib.invalidate_caches()
    assert entered.files == {"one": set()}
