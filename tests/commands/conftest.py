"""The command line under test: a folder of its own, an environment without other settings."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from cli import app
from settings import settings
from tests.databases import migrated_sqlite

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of an office that does not exist yet."""
    for name in os.environ:
        if name.startswith(("MILEPOST_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MILEPOST_DATA_DIR", str(tmp_path))
    # Tables are as wide as they need to be, so that a name is found whole.
    monkeypatch.setenv("COLUMNS", "240")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def database(folder: Path) -> str:
    """The address of an empty, migrated database in the folder."""
    path = make_url(settings().database_url).database
    assert path is not None
    return migrated_sqlite(Path(path))


@pytest.fixture
def run() -> Run:
    """Call ``milepost`` with arguments."""
    runner = CliRunner()

    def call(*arguments: str) -> Result:
        return runner.invoke(app, list(arguments))

    return call
