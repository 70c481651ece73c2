"""The documents tell the truth: every path, room and target that they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


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
