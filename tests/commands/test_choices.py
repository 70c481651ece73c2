"""The operator shows and sets how a person wants their emails."""

import json

import pytest

from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def ada(run: Run) -> str:
    """Ada's id; Bola may stand in for her."""
    added = []
    for name in ("ada", "bola"):
        address = f"{name}@office.example.org"
        answer = run("person", "add", name, "--email", address, "--role", "manager", "--json")
        added.append(str(json.loads(answer.stdout)["id"]))
    return added[0]


def test_a_person_without_choices_has_the_defaults(run: Run, ada: str) -> None:
    shown = json.loads(run("choices", "show", ada, "--json").stdout)
    assert shown["language"] == "en"
    assert shown["reminders"] == "single"
    assert shown["digests"] is True
    assert shown["changed_at"] is None


def test_what_is_given_changes_and_the_rest_stays(run: Run, ada: str) -> None:
    bola = json.loads(run("person", "list", "--json").stdout)[1]["id"]
    assert run("choices", "set", ada, "--language", "both", "--quiet", "wed,fri").exit_code == 0
    away = f"2027-08-02:2027-08-13:{bola}"
    answer = run("choices", "set", "ada@office.example.org", "--away", away, "--no-digests")
    assert "Cymraeg and English" in answer.output
    assert "wed, fri" in answer.output
    assert "from 2027-08-02 to 2027-08-13" in answer.output
    back = run("choices", "set", ada, "--away", "none", "--quiet", "none", "--json")
    assert json.loads(back.stdout)["delegate_id"] is None
    assert json.loads(back.stdout)["quiet_weekdays"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--quiet", "mon,tue,wed,thu,fri"), "Allow emails on at least one day"),
        (("--away", "2027-08-02:2027-08-13:per_unknown"), "cannot be the delegate"),
        (("--away", "2027-08-13:2027-08-02:per_unknown"), "Swap the two dates"),
    ],
)
def test_what_cannot_be_is_refused_with_its_fix(
    run: Run, ada: str, arguments: tuple[str, ...], says: str
) -> None:
    refused = run("choices", "set", ada, *arguments)
    assert refused.exit_code == 1
    assert says in refused.output


@pytest.mark.parametrize("named", ["con_unknown", "unknown"])
def test_an_unknown_person_has_no_choices(run: Run, named: str) -> None:
    refused = run("choices", "show", named)
    assert refused.exit_code == 1
    assert named in refused.output


@pytest.mark.parametrize("arguments", [("--quiet", "friday"), ("--away", "soon")])
def test_what_cannot_be_read_is_wrong_usage(run: Run, ada: str, arguments: tuple[str, ...]) -> None:
    assert run("choices", "set", ada, *arguments).exit_code == 2
