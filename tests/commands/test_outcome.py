"""A command's exit code means something, and its last sentence says what to do."""

import json
import sqlite3
from pathlib import Path

import pytest

from commands.outcome import Exit, Stop, stopping
from services.problems import Flaw, Problem
from tests.commands.conftest import Run


def test_the_help_lists_what_the_exit_codes_mean(run: Run) -> None:
    output = " ".join(run("--help").output.split())
    for meaning in ("0 Done", "1 Refused", "2 Wrong usage", "3 Temporal, its worker"):
        assert meaning in output


def test_an_unknown_command_is_exit_code_2(run: Run) -> None:
    assert run("dance").exit_code == 2


@pytest.mark.parametrize(
    "command", [("engagement", "list"), ("mailbox",), ("member", "list"), ("person", "list")]
)
def test_without_a_database_reading_is_exit_code_3_and_makes_none(
    run: Run, folder: Path, command: tuple[str, ...]
) -> None:
    result = run(*command)
    assert result.exit_code == 3
    assert "milepost migrate" in result.output
    assert not (folder / "milepost.db").exists()


def test_a_database_of_another_version_is_exit_code_3(run: Run, folder: Path) -> None:
    with sqlite3.connect(folder / "milepost.db") as connection:
        connection.execute("create table alembic_version (version_num text)")
    connection.close()
    result = run("engagement", "list")
    assert result.exit_code == 3
    assert "another version" in result.output


def test_with_json_a_problem_is_json_too(run: Run, database: str) -> None:
    result = run("engagement", "show", "eng_nowhere", "--json")
    assert result.exit_code == 1
    assert "eng_nowhere" in json.loads(result.stdout)["error"]


FLAW = Flaw(pointer="#/email", what="It is taken.", fix="Use another.")


@pytest.mark.parametrize(
    ("problem", "code", "sentence", "details"),
    [
        (Problem("invalid", errors=[FLAW]), 1, "invalid:", ("email: It is taken. Use another.",)),
        (Problem("exists", blockers=["eng_1"]), 1, "there is one already.", ("eng_1",)),
        (Problem("not-found", missing="version 4"), 1, "There is no version 4.", ()),
        (Problem("unavailable"), 3, "Run `milepost doctor`.", ()),
        (Problem("refused", "It is closed."), 1, "It is closed.", ()),
    ],
    ids=lambda one: one.name if isinstance(one, Problem) else "",
)
def test_a_services_problem_ends_a_command_with_a_sentence_for_its_user(
    problem: Problem, code: Exit, sentence: str, details: tuple[str, ...]
) -> None:
    with pytest.raises(Stop) as stopped, stopping():
        raise problem
    assert stopped.value.code == code
    assert stopped.value.sentence.endswith(sentence)
    assert stopped.value.details == details
