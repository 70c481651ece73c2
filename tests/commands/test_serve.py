"""`milepost migrate` creates and upgrades the database, and says where it cannot."""

from pathlib import Path

import pytest

from settings import settings
from tests.commands.conftest import Run


def test_a_first_migration_makes_the_database_in_the_data_folder(run: Run, folder: Path) -> None:
    result = run("migrate")
    assert result.exit_code == 0
    assert (folder / "milepost.db").exists()
    assert "has the tables of this version" in result.output


def test_migrating_again_changes_nothing(run: Run) -> None:
    assert run("migrate").exit_code == 0
    assert run("migrate").exit_code == 0


def test_a_database_that_does_not_answer_is_exit_code_3_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "MILEPOST_DATABASE_URL", "postgresql+psycopg://milepost:hunter2@127.0.0.1:1/milepost"
    )
    settings.cache_clear()
    result = run("migrate")
    assert result.exit_code == 3
    assert "does not answer" in result.output
    assert "hunter2" not in result.output


def test_another_data_folder_can_be_named_on_the_command_line(run: Run, tmp_path: Path) -> None:
    assert run("--data-dir", str(tmp_path / "other"), "migrate").exit_code == 0
    assert (tmp_path / "other" / "milepost.db").exists()
