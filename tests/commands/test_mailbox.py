"""The mailbox is read from the command line: listed, shown, followed."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def email(folder: Path) -> int:
    """The number of an email that was captured."""
    with sqlite3.connect(folder / "milepost.db") as connection:
        row = connection.execute(
            "insert into mailbox (notification_id, kind, to_name, to_email, from_name, from_email,"
            " subject, text, html, at) values ('ntf_1', 'research.new', 'Ada', 'ada@example.org',"
            " 'IGN', 'ign@example.org', 'A [new] request', 'Dear Ada, [please] read.', '<p>',"
            " '2026-11-24 09:00:00') returning id"
        ).fetchone()
    connection.close()
    return int(row[0])


def test_without_a_command_the_newest_emails_are_listed(run: Run, email: int) -> None:
    result = run("mailbox")
    assert result.exit_code == 0
    assert "A [new] request" in result.output
    assert "ada@example.org" in result.output


def test_an_empty_mailbox_says_so(run: Run) -> None:
    assert "nothing to show" in run("mailbox", "list").output
    assert json.loads(run("mailbox", "list", "--json").stdout) == []


def test_one_email_is_shown_with_its_text_as_written(run: Run, email: int) -> None:
    result = run("mailbox", "show", str(email))
    assert "Dear Ada, [please] read." in result.output
    assert json.loads(run("mailbox", "show", str(email), "--json").stdout)["html"] == "<p>"


def test_an_email_that_is_not_there_is_exit_code_1(run: Run, email: int) -> None:
    assert run("mailbox", "show", "999").exit_code == 1
