"""People of the office are added and listed."""

import json

import pytest

from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")

ADA = ("person", "add", "Ada Okafor", "--email", "ada@office.example.org", "--role", "manager")


def test_a_person_is_added_and_listed_by_role(run: Run) -> None:
    added = run(*ADA)
    assert added.exit_code == 0
    assert "Ada Okafor is added as manager: per_" in added.output
    assert "ada@office.example.org" in run("person", "list", "--role", "manager").output
    assert json.loads(run("person", "list", "--role", "viewer", "--json").stdout) == []


def test_an_address_that_is_taken_is_refused(run: Run) -> None:
    assert json.loads(run(*ADA, "--json").stdout)["role"] == "manager"
    again = run(*ADA)
    assert again.exit_code == 1
    assert "ada@office.example.org" in again.output


def test_an_unknown_role_is_wrong_usage(run: Run) -> None:
    assert run("person", "add", "X", "--email", "x@example.org", "--role", "king").exit_code == 2
