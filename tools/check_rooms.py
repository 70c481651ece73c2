"""Fails the lint where a room or a top-level module is missing from a list of pyproject.toml.

Their names are generic, so each is listed by name; one that is forgotten would be neither
installed nor checked, silently.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Checked, but neither installed nor part of the layers.
AROUND = {"bench", "tests", "tools"}


def rooms(root: Path) -> set[str]:
    """Every top-level folder with Python in it, and every top-level module."""
    folders = {
        folder.name
        for folder in root.iterdir()
        if folder.is_dir()
        and not folder.name.startswith(".")
        and folder.name not in {"build", "dist", "var"}
        and any(folder.glob("**/*.py"))
    }
    return folders | {module.name for module in root.glob("*.py")}


def problems(root: Path) -> list[str]:
    """One sentence for each list that differs from the tree."""
    tool = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    there = rooms(root)
    product = there - AROUND
    packages = {name for name in product if not name.endswith(".py")}
    lists: list[tuple[str, list[str], set[str]]] = [
        (
            "tool.hatch.build.targets.wheel.only-include",
            tool["hatch"]["build"]["targets"]["wheel"]["only-include"],
            product,
        ),
        ("tool.mypy.files", tool["mypy"]["files"], there),
        ("tool.importlinter.root_packages", tool["importlinter"]["root_packages"], packages),
    ]
    found = []
    for name, listed, expected in lists:
        if missing := expected - set(listed):
            found.append(f"{name} lacks {', '.join(sorted(missing))}.")
        if extra := set(listed) - expected:
            found.append(f"{name} names {', '.join(sorted(extra))}, which is not there.")
    for package in sorted(packages):
        if not (root / package / "__init__.py").exists():
            found.append(f"{package}/ has no __init__.py, so the layers check passes it over.")
    return found


if __name__ == "__main__":
    found = problems(ROOT)
    for problem in found:
        print(f"tools/check_rooms.py: {problem}", file=sys.stderr)
    sys.exit(1 if found else 0)
