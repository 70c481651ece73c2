"""Every sentence that the command line may say is in its catalogue, and none is there in vain."""

import re
from pathlib import Path

from commands.catalogue import keys

ROOT = Path(__file__).parents[2]
# `milepost programme` speaks with the words of the room that it shows.
ELSEWHERE = {"programme.py", "plan_table.py"}
SOURCES = [
    path
    for path in (*ROOT.glob("commands/**/*.py"), *ROOT.glob("demo/**/*.py"))
    if path.name not in ELSEWHERE
]
SAID = re.compile(r"""(?:say|print_line)\(\s*f?"([a-z_{}.]+)\"""")
FOUND = re.compile(r"""found\(\s*[\w" ]+,\s*"(\w+)",\s*"(\w+)\"""")


def test_every_sentence_that_is_said_is_in_the_catalogue() -> None:
    for source in SOURCES:
        for key in SAID.findall(source.read_text()):
            if "{" in key:
                section = key.split(".")[0]
                assert any(known.startswith(f"{section}.") for known in keys()), key
            else:
                assert key in keys(), f"{source.name} says {key}"


def test_every_finding_of_the_doctor_has_its_words_and_how_to_mend_it() -> None:
    for source in ROOT.glob("commands/checks/*.py"):
        for state, key in FOUND.findall(source.read_text()):
            assert f"doctor.{key}" in keys()
            if state != "ok":
                assert f"doctor.{key}_fix" in keys()


def test_no_sentence_is_left_over() -> None:
    text = "\n".join(source.read_text() for source in SOURCES)
    sections = {key.split(".")[0] for key in re.findall(r'f"(\w+\.)\{', text)}
    for key in keys():
        section, name = key.split(".")
        bare = name.removesuffix("_fix")
        assert section in sections or f'"{bare}"' in text or f'"{key}"' in text, key
