"""An office with members and people, to change."""

import pytest

from storage.database import Database
from storage.record import write
from tests.storage.office import NOW, item_record, office, task


@pytest.fixture
async def stocked(database: Database) -> Database:
    """The small office, with one request whose tasks belong to each role."""
    owners = ("lead", "manager", "adviser", "researcher", "con_second", "per_researcher")
    async with database.transaction() as session:
        await office().write(session)
        tasks = (task(f"of-{owner}", owner) for owner in owners)
        await write(session, item_record(1, "draft", *tasks, assignee="per_researcher"), NOW)
    return database
