"""Notes which files of the project a piece of running code enters, in every thread."""

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parents[1]
AROUND = ("bench", "tests", "tools", ".venv")
"""Folders that are no part of the product."""


class Entered:
    """The Python files of the product in which a function was entered while ``noting``.

    ``listen`` comes before any thread starts: Python 3.11 profiles only threads that start later.
    Workflow code counts too: the sandbox imports it again, but from the same files.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self.files: dict[str, set[str]] = {}
        self._names: tuple[str, ...] = ()
        self._paths: dict[CodeType, str | None] = {}

    def listen(self) -> None:
        """Profile this thread and those to come; nothing is noted yet."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    @contextmanager
    def noting(self, *names: str) -> Iterator[None]:
        """Note what is entered in the block under each of these names."""
        for name in names:
            self.files.setdefault(name, set())
        self._names = names
        try:
            yield
        finally:
            self._names = ()

    def _profile(self, frame: FrameType, event: str, _argument: object) -> None:
        names = self._names
        if not names or event != "call":
            return
        code = frame.f_code
        if code not in self._paths:
            self._paths[code] = self._product_file(code)
        path = self._paths[code]
        if path is None or all(path in self.files[name] for name in names):
            return
        if not _importing(frame):
            for name in names:
                self.files[name].add(path)

    def _product_file(self, code: CodeType) -> str | None:
        """The file of a function of the product, from the project's root; else None.

        Bodies of modules and classes are no functions: they run when something is imported.
        Templates are left out: Jinja compiles each to a function that has the template's name.
        """
        path = Path(code.co_filename)
        if not code.co_flags & inspect.CO_OPTIMIZED or path.suffix != ".py":
            return None
        if not path.is_relative_to(self._root):
            return None
        inside = path.relative_to(self._root)
        return None if inside.parts[0] in AROUND else inside.as_posix()


def _importing(frame: FrameType | None) -> bool:
    """Whether an import is under way that called this function."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
