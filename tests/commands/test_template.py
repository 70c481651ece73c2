"""An office's own words, from the command line: begun, tried, used, undone."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.sql import engagements, template_overrides
from tests.api.office import CARDIFF, GLASGOW, fill
from tests.commands.conftest import Run
from tests.databases import opened

pytestmark = pytest.mark.usefixtures("programme")

IGN = "inclusive-growth-network"
WHICH = (IGN, "research.delivered", "cy")


@pytest.fixture
def programme(database: str, run: Run) -> None:
    del database
    assert run("programme", "add", IGN).exit_code == 0


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    (folder / "subject.txt").write_text("{{ member }}: eich ymchwil\n", encoding="utf-8")
    return folder


def test_one_begins_from_the_built_in_words(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "begin"
    assert run("template", "show", *WHICH, "--save", str(folder)).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "body.html",
        "body.txt",
        "subject.txt",
    ]
    assert run("template", "check", *WHICH[1:], str(folder)).exit_code == 0
    shown = run("template", "show", *WHICH)
    assert "Mae eich gwaith ymchwil yn barod" in shown.output
    assert "words" in shown.output


def test_a_draft_is_stored_used_and_rolled_back(run: Run, draft: Path) -> None:
    stored = run("template", "put", *WHICH, str(draft), "--note", "Warmer")
    assert "Stored as version 1" in stored.output
    used = run("template", "rollback", *WHICH, "--to", "1")
    assert "Version 1 is in use" in used.output
    rows = json.loads(run("template", "list", IGN, "--json").stdout)
    assert [row for row in rows if row["active"]] == [
        {"kind": "research.delivered", "language": "cy", "active": 1, "versions": 1}
    ]
    assert "your own" in run("template", "show", *WHICH).output
    assert "Version 0 is in use" in run("template", "rollback", *WHICH).output
    assert "research.delivered" in run("template", "list", IGN).output
    second = run("template", "put", *WHICH, str(draft), "--activate", "--json")
    assert json.loads(second.stdout) == {"version": 2, "active": True}


def test_a_faulty_draft_is_told_its_lines_and_never_stored(run: Run, draft: Path) -> None:
    (draft / "body.txt").write_text("Helo\n{{ membr }}", encoding="utf-8")
    for command in (("check", *WHICH[1:]), ("put", *WHICH)):
        result = run("template", *command, str(draft))
        assert result.exit_code == 1
        assert "text:2: This kind of email has no 'membr'" in result.output
        assert "Did you mean 'member'?" in result.output
    told = run("template", "check", *WHICH[1:], str(draft), "--json")
    assert json.loads(told.stdout)["faults"][0]["line"] == 2
    assert json.loads(run("template", "show", *WHICH, "--json").stdout)["history"] == []


def test_it_is_previewed_with_samples_and_its_html_goes_to_a_file(
    run: Run, draft: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    shown = run("template", "preview", *WHICH, "--from", str(draft), "--html", str(page))
    assert "Caerdydd: eich ymchwil" in shown.output
    assert '<html lang="cy">' in page.read_text("utf-8")
    machine = json.loads(run("template", "preview", *WHICH, "--json").stdout)
    assert (machine["data"], machine["subject"]) == ("sample", "Mae eich gwaith ymchwil yn barod")


def test_a_test_goes_to_the_person_who_is_named(run: Run) -> None:
    person = json.loads(
        run(
            *("person", "add", "Mair Evans", "--email", "mair@example.org"),
            *("--role", "manager", "--json"),
        ).stdout
    )
    sent = run("template", "send-test", *WHICH, "--to", person["id"])
    assert "Sent to Mair Evans" in sent.output
    [mail] = json.loads(run("mailbox", "list", "--json").stdout)
    assert mail["subject"] == "Test: Mae eich gwaith ymchwil yn barod"
    assert mail["to_email"] == "mair@example.org"


def test_a_stored_version_that_would_not_pass_any_more_is_neither_shown_nor_sent(
    run: Run, draft: Path, database: str
) -> None:
    assert run("template", "put", *WHICH, str(draft)).exit_code == 0

    async def spoil() -> None:
        async with opened(database) as office, office.transaction() as session:
            await session.execute(update(template_overrides).values(text="{{ membr }}"))

    asyncio.run(spoil())
    for command in (("preview", *WHICH), ("send-test", *WHICH, "--to", "per_manager")):
        result = run("template", *command, "--version", "1")
        assert result.exit_code == 1
        assert "This kind of email has no 'membr'" in result.output


def test_an_engagement_of_another_programme_fills_no_preview(run: Run, database: str) -> None:
    async def write() -> None:
        async with opened(database) as office, office.transaction() as session:
            await fill(session)
            glasgow = update(engagements).where(engagements.c.id == GLASGOW.engagement)
            await session.execute(glasgow.values(programme_id="tour"))

    asyncio.run(write())
    ours = run("template", "preview", *WHICH, "--engagement", CARDIFF.engagement)
    assert ours.exit_code == 0, ours.output
    other = run("template", "preview", *WHICH, "--engagement", GLASGOW.engagement)
    assert other.exit_code == 1
    assert f"There is no engagement {GLASGOW.engagement!r}" in other.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", IGN, "no.such", "en"), "no kind of email 'no.such'"),
        (("show", *WHICH, "--version", "4"), "no version 4"),
        (("rollback", *WHICH, "--to", "4"), "There is no"),
        (("preview", *WHICH, "--engagement", "eng_none"), "eng_none"),
        (("send-test", *WHICH, "--to", "per_none"), "There is no per_none"),
    ],
)
def test_what_does_not_exist_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("template", *arguments)
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())
