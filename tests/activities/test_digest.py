"""A run of summaries reads only the newest version of its programme."""

import pytest
from structlog.testing import capture_logs

from activities.digest import DigestDesk
from activities.inputs import DigestPlan
from notifications.senders.mailbox import Mailbox
from storage.database import Database
from storage.sql import programmes
from tests.databases import count_statements
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import IGN, NOW, SETTINGS, source
from tests.storage.fixtures import database_url as database_url

MONDAY = '    on: monday\n    at: "09:00" # as soon as emails may leave\n'
"""When the team's list goes out, which stands below its name."""


async def planned(database: Database, programme_id: str = IGN) -> list[str]:
    backend = DigestDesk(database, Mailbox(database, lambda: NOW), SETTINGS, clock=lambda: NOW)
    return await backend.plan_digests(DigestPlan(programme_id, "manager", NOW))


async def add(database: Database, programme_id: str, version: int, text: str) -> None:
    async with database.transaction() as session:
        await session.execute(
            programmes.insert().values(
                id=programme_id,
                version=version,
                sha256=f"{programme_id}{version}",
                title=programme_id,
                source=text,
                created_at=NOW,
            )
        )


async def test_it_reads_no_other_programme_and_no_older_version(database: Database) -> None:
    for version in (1, 2):
        await add(database, "another", version, "not: a programme\n")
    await add(database, IGN, 2, source().replace("version: 1", "version: 2", 1))
    with count_statements(database) as seen:
        [id] = await planned(database)
    assert id.startswith("ntf_")
    [read] = [one for one in seen if "FROM programmes" in one]
    assert "LIMIT" in read


async def test_a_programme_that_is_not_there_has_none(database: Database) -> None:
    assert await planned(database, "another") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (source().replace("\n  manager: # the team", "\n  # the team"), []),
        ("not: a programme\n", ["stored_programme_unreadable"]),
    ],
)
async def test_nor_has_one_without_such_a_summary_or_that_cannot_be_read_any_more(
    database: Database, text: str, said: list[str]
) -> None:
    await add(database, IGN, 2, text.replace(MONDAY, "", 1))
    with capture_logs() as logs:
        assert await planned(database) == []
    assert [one["event"] for one in logs] == said
