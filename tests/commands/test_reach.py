"""How a command ends that cannot reach its folder or its database."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from commands.reach import backend_on
from settings import settings
from storage.database import Database
from tests.commands.conftest import Run
from tests.databases import migrated_sqlite


@pytest.mark.parametrize(
    "command", [("member", "list"), ("up",), ("doctor",), ("token", "list")], ids=" ".join
)
def test_a_data_folder_that_is_a_file_is_named(
    run: Run, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a-file"
    file.touch()
    monkeypatch.setenv("MILEPOST_DATA_DIR", str(file))
    monkeypatch.delenv("MILEPOST_DATABASE_URL", raising=False)
    settings.cache_clear()
    result = run(*command)
    assert result.exit_code in (1, 3)
    assert isinstance(result.exception, SystemExit)
    assert "a-file" in result.output


@pytest.mark.parametrize("command", [("member", "list"), ("migrate",)], ids=" ".join)
def test_a_database_of_a_newer_version_says_what_to_update(
    run: Run, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = migrated_sqlite(tmp_path / "milepost.db")
    with sqlite3.connect(str(make_url(url).database)) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    monkeypatch.setenv("MILEPOST_DATABASE_URL", url)
    settings.cache_clear()
    result = run(*command)
    assert result.exit_code == 3
    assert "has the tables of a newer Milepost. Update this one" in result.output


def test_links_lead_to_the_office_that_runs_unless_its_address_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'unused.db'}")
    monkeypatch.setattr("commands.reach.api_address", lambda _: "http://127.0.0.1:18400")
    monkeypatch.delenv("MILEPOST_PUBLIC_URL", raising=False)
    settings.cache_clear()
    assert backend_on(database).settings.public_url == "http://127.0.0.1:18400"
    monkeypatch.setenv("MILEPOST_PUBLIC_URL", "https://office.example.org")
    settings.cache_clear()
    assert backend_on(database).settings.public_url == "https://office.example.org"
