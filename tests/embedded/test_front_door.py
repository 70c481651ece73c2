"""`make` and the scripts behind it: they explain themselves, and find or provide what they need."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedded.programs import program
from tools.check_rooms import problems

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def _run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


class TestMake:
    def test_a_bare_make_lists_every_target_with_a_line(self) -> None:
        said = _run("make", PATH=os.environ["PATH"]).stdout
        phony = re.search(r"^\.PHONY: (help .+)$", MAKEFILE, re.MULTILINE)
        assert phony is not None
        for target in phony[1].split():
            assert re.search(rf"^  make {target} +\w.+$", said, re.MULTILINE), target

    def test_every_target_that_uses_the_environment_sets_it_up_first(self) -> None:
        for rule in re.split(r"\n(?=\S)", MAKEFILE):
            head, _, recipe = rule.partition("\n")
            uses = re.search(r"\.venv/bin/|\$\(PY\)", recipe)
            if uses and not head.startswith(".venv/"):
                assert re.search(r": (setup\b|\.venv/)", head), head

    def test_the_product_is_installed_without_what_only_tests_need(self) -> None:
        for target in ("demo", "up", "doctor"):
            assert re.search(rf"^{target}: \.venv/bin/milepost ", MAKEFILE, re.MULTILINE), target
        for target in ("test", "lint", "bench"):
            assert re.search(rf"^{target}: setup ", MAKEFILE, re.MULTILINE), target

    def test_python_keeps_what_it_compiles_whatever_the_shell_says(self) -> None:
        said = subprocess.run(
            ["make", "-f", "Makefile", "-f", "-", "kept"],
            input="kept:\n\t@echo [$$PYTHONDONTWRITEBYTECODE]\n",
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert said.stdout == "[]\n"


class TestPython:
    def test_takes_the_one_that_is_named(self) -> None:
        said = _run("tools/python", PATH="/usr/bin:/bin", PYTHON=sys.executable)
        assert said.stdout.strip() == sys.executable

    def test_without_a_new_enough_one_says_so_in_one_sentence(self, tmp_path: Path) -> None:
        program(tmp_path / "python3", "exit 1")
        said = _run("tools/python", PATH=str(tmp_path))
        assert said.returncode == 1
        assert "found no Python 3.11 or newer" in said.stderr
        assert said.stderr.count("\n") == 1


class TestUv:
    def test_takes_the_one_on_the_path(self, tmp_path: Path) -> None:
        uv = program(tmp_path / "uv")
        assert _run("tools/uv", PATH=f"{tmp_path}:/usr/bin:/bin").stdout.strip() == str(uv)

    def test_takes_the_one_in_the_cache_next(self, tmp_path: Path) -> None:
        version = re.search(r"^version=(.+)$", (ROOT / "tools/uv").read_text(), re.MULTILINE)
        assert version is not None
        uv = program(tmp_path / f"uv-{version[1]}/bin/uv")
        said = _run("tools/uv", PATH="/usr/bin:/bin", MILEPOST_CACHE=str(tmp_path))
        assert said.stdout.strip() == str(uv)

    def test_where_it_cannot_be_installed_says_why_and_what_to_do(self, tmp_path: Path) -> None:
        broken = program(tmp_path / "python", "[ $1 = -m ] && echo no venv here && exit 1; exit 0")
        said = _run(
            "tools/uv", PATH="/usr/bin:/bin", MILEPOST_CACHE=str(tmp_path), PYTHON=str(broken)
        )
        assert said.returncode == 1
        assert "could not install uv" in said.stderr
        assert [path.name for path in tmp_path.glob("uv-*") if path.is_dir()] == []


class TestCheckRooms:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        (tmp_path / "room").mkdir()
        (tmp_path / "room/__init__.py").touch()
        (tmp_path / "one.py").touch()
        (tmp_path / "pyproject.toml").write_text(
            '[tool.hatch.build.targets.wheel]\nonly-include = ["room", "one.py"]\n'
            '[tool.mypy]\nfiles = ["room", "one.py"]\n'
            '[tool.importlinter]\nroot_packages = ["room"]\n'
        )
        return tmp_path

    def test_is_content_where_every_room_is_listed(self, tree: Path) -> None:
        assert problems(tree) == []

    def test_names_each_list_that_lacks_a_new_room(self, tree: Path) -> None:
        (tree / "cellar").mkdir()
        (tree / "cellar/__init__.py").touch()
        assert [problem.split()[0] for problem in problems(tree)] == [
            "tool.hatch.build.targets.wheel.only-include",
            "tool.mypy.files",
            "tool.importlinter.root_packages",
        ]

    def test_names_a_room_that_is_gone(self, tree: Path) -> None:
        (tree / "one.py").unlink()
        assert "names one.py, which is not there." in problems(tree)[0]
