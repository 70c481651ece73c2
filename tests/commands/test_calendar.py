"""The operator makes, shows and ends a private calendar address."""

import json

import pytest

from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def ada(run: Run) -> str:
    added = run("person", "add", "Ada", "--email", "ada@example.org", "--role", "adviser", "--json")
    return str(json.loads(added.stdout)["id"])


def test_an_address_is_shown_once_and_can_be_ended(run: Run, ada: str) -> None:
    assert "no address" in run("calendar", "show", ada).output
    address = json.loads(run("calendar", "make", "ada@example.org", "--json").stdout)["address"]
    assert "/calendars/mp_cal_" in address
    shown = run("calendar", "show", ada)
    assert "since" in shown.output
    assert "mp_cal_" not in shown.output
    assert "no longer works" in run("calendar", "end", ada).output
    assert json.loads(run("calendar", "end", ada, "--json").stdout) == {"was_valid": False}


def test_an_unknown_person_has_no_address(run: Run) -> None:
    for verb in ("make", "show", "end"):
        assert run("calendar", verb, "unknown@example.org").exit_code == 1
    assert run("calendar", "make", "con_unknown").exit_code == 1
