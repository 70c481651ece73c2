"""A token's secret is shown once; it is listed and revoked by its id."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def ada(run: Run) -> str:
    added = run(
        *("person", "add", "Ada Okafor", "--email", "ada@office.example.org"),
        *("--role", "manager", "--json"),
    )
    return str(json.loads(added.stdout)["id"])


def test_a_token_is_made_for_a_person_by_name_address_or_id(run: Run, ada: str) -> None:
    for holder in ("ada okafor", "ada@office.example.org", ada):
        made = json.loads(run("token", "create", holder, "--json").stdout)
        assert made["role"] == "manager"
        assert made["secret"].startswith("mp_")


def test_the_secret_is_printed_once_and_stored_nowhere(run: Run, ada: str, folder: Path) -> None:
    result = run("token", "create", ada, "--label", "laptop")
    secret = result.stdout.splitlines()[-1]
    assert secret.startswith("mp_")
    assert secret not in run("token", "list").output
    with sqlite3.connect(folder / "milepost.db") as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert secret not in dump


def test_a_token_speaks_for_a_members_lead_contact(run: Run) -> None:
    run("member", "add", "Cardiff", "--nation", "WLS", "--lead", "Siân <sian@x.example.org>")
    made = json.loads(run("token", "create", "--member", "cardiff", "--json").stdout)
    assert made["role"] == "member"
    (listed,) = json.loads(run("token", "list", "--json").stdout)
    assert listed["holder_name"] == "Siân"


def test_a_token_is_revoked_and_revoking_again_changes_nothing(run: Run, ada: str) -> None:
    made = json.loads(run("token", "create", ada, "--json").stdout)
    assert run("token", "revoke", made["id"]).exit_code == 0
    again = run("token", "revoke", made["id"])
    assert again.exit_code == 0
    assert "before" in again.output
    (listed,) = json.loads(run("token", "list", "--json").stdout)
    assert listed["revoked_at"]


def test_an_unknown_person_gets_no_token(run: Run, ada: str) -> None:
    assert run("token", "create", "unknown").exit_code == 1
    assert run("token", "create", "con_unknown").exit_code == 1
    assert run("token", "create", "--member", "nowhere").exit_code == 1
    assert run("token", "revoke", "tok_unknown").exit_code == 1


def test_a_token_without_one_holder_is_wrong_usage(run: Run, ada: str) -> None:
    assert run("token", "create").exit_code == 2
    assert run("token", "create", ada, "--member", "Cardiff").exit_code == 2
