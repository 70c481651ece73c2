"""The office opens once its API serves commands too."""

from pathlib import Path

import pytest

from embedded.office import says_ready
from tests.api.served import without_temporal
from tests.databases import migrated_sqlite


@pytest.fixture
def migrated(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


async def test_an_api_that_only_reads_is_not_ready(migrated: str) -> None:
    async with without_temporal(migrated) as port:
        assert not await says_ready(f"http://127.0.0.1:{port}/readyz")()
        assert not await says_ready(f"http://127.0.0.1:{port}/nothing")()
    assert not await says_ready(f"http://127.0.0.1:{port}/readyz")()
