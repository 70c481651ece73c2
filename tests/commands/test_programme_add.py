"""A definition is stored as a version that never changes."""

import json
from pathlib import Path

import pytest

from commands.programme_versions import built_in
from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")


def test_a_built_in_definition_is_added_by_its_name_once(run: Run) -> None:
    assert "is stored. Members can start in it" in run("programme", "add", "tour").output
    again = run("programme", "add", "tour", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout) == {"id": "tour", "version": 1, "added": False}


def test_a_stored_version_with_other_content_is_refused(run: Run, tmp_path: Path) -> None:
    run("programme", "add", "tour")
    file = tmp_path / "tour.yaml"
    file.write_text(built_in("tour")[1].replace("title: The tour", "title: Another tour"))
    result = run("programme", "add", str(file))
    assert result.exit_code == 1
    assert "higher version" in result.output


def test_a_definition_with_errors_is_refused_with_each_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("id: broken\nversion: nought\n")
    result = run("programme", "add", str(file))
    assert result.exit_code == 1
    assert "broken.yaml:2:" in result.output


def test_a_file_that_is_not_there_is_wrong_usage(run: Run) -> None:
    result = run("programme", "add", "nowhere.yaml")
    assert result.exit_code == 2
    assert "inclusive-growth-network" in result.output


def test_who_hears_for_the_funder_is_named_listed_and_taken_off(run: Run) -> None:
    run("programme", "add", "tour")
    for name, role in (("Fay Under", "viewer"), ("Ada Okafor", "manager")):
        run("person", "add", name, "--email", f"{role}@example.org", "--role", role)
    named = run("programme", "funders", "tour", "--add", "Fay Under")
    assert (named.exit_code, "Fay Under" in named.output) == (0, True)
    refused = run("programme", "funders", "tour", "--add", "Ada Okafor")
    assert refused.exit_code == 1
    assert "only a viewer reads for a funder" in refused.output
    assert "Fay Under" in run("programme", "funders", "tour").output
    off = run("programme", "funders", "tour", "--remove", "viewer@example.org", "--json")
    assert off.stdout.strip() == "[]"
    assert run("programme", "funders", "nothing").exit_code == 1


def test_the_stored_programmes_are_listed_with_their_newest_versions(
    run: Run, tmp_path: Path
) -> None:
    assert "No programme is stored yet" in run("programme", "list").output
    run("programme", "add", "tour")
    second = tmp_path / "tour.yaml"
    second.write_text(built_in("tour")[1].replace("version: 1", "version: 2", 1))
    run("programme", "add", str(second))
    listed = run("programme", "list", "--json")
    assert json.loads(listed.stdout) == [{"id": "tour", "version": 2, "title": "The tour"}]
    assert "The tour" in run("programme", "list").output
