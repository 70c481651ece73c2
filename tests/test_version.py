"""The version stands in pyproject.toml, and the few other files that repeat it agree."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from api.main import VERSION

ROOT = Path(__file__).parents[1]
DECLARED: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_what_is_installed_and_described_has_the_declared_version() -> None:
    assert (version("milepost"), VERSION) == (DECLARED, DECLARED)


def test_the_lock_file_has_it() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    assert [one["version"] for one in packages if one["name"] == "milepost"] == [DECLARED]


def test_compose_runs_it_unless_another_one_is_named() -> None:
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert re.findall(r"milepost:\$\{MILEPOST_VERSION:-([^}]+)\}", compose) == [DECLARED]


def test_the_changelog_has_a_section_for_it() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert sections[:2] == ["Unreleased", DECLARED]
