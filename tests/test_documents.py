"""The documents tell the truth: every setting is explained, every path and target exists."""

import re
from pathlib import Path

import pytest

from embedded.programs import CACHE, CLI, TEST_SERVER
from settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_readme_explains_every_setting_and_none_that_is_not_there() -> None:
    explained = set(re.findall(r"`(MILEPOST_[A-Z_]+)`", README))
    for_programs = {CACHE, CLI.variable, TEST_SERVER.variable}
    settings = {f"MILEPOST_{name.upper()}" for name in Settings.model_fields}
    assert explained == settings | for_programs


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(((?!https?:|#)[^)]+)\)", document.read_text("utf-8"))
    missing = [link for link in links if not (document.parent / link.split("#")[0]).exists()]
    assert missing == []


def test_every_room_of_the_tree_is_in_the_readme() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "commands"}
    tree = README.split("## The tree")[1].split("```")[1]
    assert {room for room in rooms if f"{room}/" not in tree} == set()


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"[`\n]make (?:ONCE=1 )?([a-z]+)", document.read_text("utf-8"))
    }
    assert named - targets == set()
