"""The unit of work: complete or not at all, one writer at a time, readers that cannot write."""

import asyncio
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.database import Database
from storage.sql import contacts, people
from tests.databases import migrated_sqlite, opened, sqlite_url
from tests.storage.office import NOW, Rows, office


async def people_there(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(people)) or 0


async def test_a_transaction_is_stored_completely_or_not_at_all(database: Database) -> None:
    async with database.transaction() as session:
        await office().write(session)
    assert await people_there(database) == 5
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.transaction() as session:
            rows = Rows()
            rows.person("per_more", "manager")
            await rows.write(session)
            1 / 0  # noqa: B018
    assert await people_there(database) == 5


async def test_a_reading_cannot_write(database: Database) -> None:
    rows = Rows()
    rows.person("per_1", "manager")
    async with database.reading() as session:
        with pytest.raises(DBAPIError):
            await rows.write(session)


async def test_references_are_checked(database: Database) -> None:
    rows = Rows()
    rows.contact("con_1", "mem_nowhere")
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await rows.write(session)


async def test_a_member_has_one_lead_and_one_open_engagement_a_programme(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await office().write(session)
    second_lead, second_engagement = Rows(), Rows()
    second_lead.contact("con_x", "mem_1", lead=True)
    second_engagement.engagement("eng_2", "mem_1")
    for rows in (second_lead, second_engagement):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await rows.write(session)
    ended = Rows()
    ended.engagement("eng_2", "mem_1", closed_at=NOW)
    async with database.transaction() as session:
        await ended.write(session)


async def test_instants_are_read_as_aware_utc(database: Database) -> None:
    async with database.transaction() as session:
        await office().write(session)
    async with database.reading() as session:
        created = await session.scalar(select(contacts.c.created_at).limit(1))
    assert created == NOW
    assert created is not None
    assert created.utcoffset() == NOW.utcoffset()


async def test_transactions_that_read_first_and_write_later_never_deadlock(
    database: Database,
) -> None:
    async def read_then_write(number: int) -> None:
        async with database.transaction() as session:
            await session.execute(select(func.count()).select_from(people))
            rows = Rows()
            rows.person(f"per_{number}", "manager")
            await rows.write(session)

    await asyncio.gather(*(read_then_write(number) for number in range(20)))
    assert await people_there(database) == 20


WRITER = """
import asyncio, sys
from sqlalchemy import func, select
from storage.database import Database
from storage.sql import people
from tests.storage.office import Rows

async def main(url, name):
    database = Database(url)
    for number in range(15):
        async with database.transaction() as session:
            await session.execute(select(func.count()).select_from(people))
            rows = Rows()
            rows.person(f"per_{name}{number}", "manager")
            await rows.write(session)
    await database.dispose()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_to_one_sqlite_file(tmp_path: Path) -> None:
    url = await asyncio.to_thread(migrated_sqlite, tmp_path / "shared.db")
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, name)
        for name in "ab"
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    async with opened(url) as database:
        assert await people_there(database) == 30


async def test_an_sqlite_file_gets_its_folder_and_full_synchronous_mode(tmp_path: Path) -> None:
    async with opened(sqlite_url(tmp_path / "new" / "folder" / "milepost.db")) as database:
        assert database.dialect == "sqlite"
        async with database.transaction() as session:
            set_to = [
                await session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert set_to == ["wal", 2, 1, 30_000]
        async with database.reading() as session:
            assert await session.scalar(text("PRAGMA query_only")) == 1
