"""Migrations make exactly the tables of the code, from any process, and can be undone."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import SQLModel

from storage import migrate
from storage.database import Database
from storage.sql import events, items, members
from tests.databases import opened, sqlite_url
from tests.servers import postgres
from tests.storage.office import Rows


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "folder" / "empty.db")
        return
    with postgres() as url:
        yield url


async def test_migrations_make_exactly_the_tables_of_the_code(empty: str) -> None:
    assert members.name  # the tables are known
    assert await migrate.current(empty) is None
    assert not await migrate.is_current(empty)
    await migrate.upgrade(empty)
    assert await migrate.is_current(empty)
    async with opened(empty) as database:
        assert await migrate.is_current(database)
        assert await migrate.current(database) == migrate.newest()
        async with database.reading() as session:
            found = await (await session.connection()).run_sync(_differences)
    assert found == []


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


def test_the_newest_revision_is_the_one_that_alembic_finds() -> None:
    scripts = ScriptDirectory.from_config(migrate.config())
    assert migrate.newest() == scripts.get_current_head()


LIGHT = """
import asyncio, sys
from storage import migrate
assert asyncio.run(migrate.is_current(sys.argv[1]))
asyncio.run(migrate.upgrade(sys.argv[1]))
assert "alembic" not in sys.modules
"""


async def test_a_database_that_is_current_is_looked_at_without_alembic(empty: str) -> None:
    await migrate.upgrade(empty)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", LIGHT, empty)
    assert await process.wait() == 0


async def test_constraints_have_the_same_names_on_both_and_in_the_code(empty: str) -> None:
    await migrate.upgrade(empty)
    async with opened(empty) as database, database.reading() as session:
        found = await (await session.connection()).run_sync(_constraint_names)
    expected = {
        str(constraint.name)
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is not None
    }
    assert found == expected


def _constraint_names(connection: Connection) -> set[str]:
    look = inspect(connection)
    names: set[str | None] = set()
    for table in SQLModel.metadata.tables:
        names.add(look.get_pk_constraint(table)["name"])
        names |= {one["name"] for one in look.get_unique_constraints(table)}
        names |= {one["name"] for one in look.get_foreign_keys(table)}
    return {name for name in names if name}


async def test_every_migration_can_be_downgraded(empty: str) -> None:
    await migrate.upgrade(empty)
    assert await _down(empty, "base") == ["alembic_version"]
    await migrate.upgrade(empty)
    assert await migrate.is_current(empty)


async def _down(url: str, revision: str) -> list[str]:
    """Go back to a revision; gives the tables that are left."""

    def down(connection: Connection) -> list[str]:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, revision)
        return inspect(connection).get_table_names()

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        left = await connection.run_sync(down)
    await engine.dispose()
    return left


UPGRADE = """
import asyncio, sys
from storage import migrate
asyncio.run(migrate.upgrade(sys.argv[1]))
"""


async def test_two_processes_may_upgrade_at_once(empty: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, empty) for _ in range(2)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    assert await migrate.is_current(empty)


async def test_an_upgrade_keeps_all_rows(empty: str) -> None:
    await migrate.upgrade(empty)
    async with opened(empty) as database, database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO people (id, name, email, role, active, created_at) VALUES"
                " ('per_1', 'Ada', 'ada@example.org', 'manager', true, '2027-01-11 09:00:00')"
            )
        )
    await migrate.upgrade(empty)
    database = Database(empty)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM people")) == 1
    await database.dispose()


def _action(id: str, state: str, text_id: str, owner: str, due: str) -> dict[str, str]:
    name = f"action:{id}"
    return {name: state, f"{name}:text": text_id, f"{name}:owner": owner, f"{name}:due": due}


async def _two_cycles_without_facts_of_their_actions(session: AsyncSession, at: datetime) -> None:
    """One action was carried from the first into the second; the words of the other are lost."""
    carried = _action("act_1", "carried", "txt_data", "lead", "2027-02-10")
    done = _action("act_1", "done", "txt_data", "lead", "2027-04-10")
    lost = _action("act_2", "done", "txt_lost", "per_1", "2027-02-11")
    rows = Rows()
    rows.member("mem_1")
    rows.engagement("eng_1", "mem_1")
    rows.text("txt_data", "Share the data.")
    for cycle, data in (("1", carried | lost), ("2", done)):
        rows.add(
            items,
            id=f"itm_{cycle}",
            engagement_id="eng_1",
            kind="advice",
            key=cycle,
            stage="closed",
            opened_at=at,
            outcome="",
            data=data,
            **dict.fromkeys(("sequence", "state_sequence", "tasks_sequence"), 3),
        )
        for position, kind in enumerate(("advice.noted", "advice.closed")):
            rows.add(
                events,
                engagement_id="eng_1",
                item_id=f"itm_{cycle}",
                sequence=2,
                position=position,
                kind=kind,
                actor="per_1",
                at=at,
                data={},
            )
    await rows.write(session)


async def test_earlier_actions_are_added_to_the_timeline_once(empty: str) -> None:
    await migrate.upgrade(empty)
    await _down(empty, "0011")
    at = datetime(2027, 1, 20, 10, tzinfo=UTC)
    async with opened(empty) as database, database.transaction() as session:
        await _two_cycles_without_facts_of_their_actions(session, at)
    for _ in range(2):
        await migrate.upgrade(empty)
        async with opened(empty) as database, database.reading() as session:
            c = events.c
            found = await session.execute(
                select(c.item_id, c.sequence, c.position, c.actor, c.at, c.data, c.text_id)
                .where(c.kind == "advice.action_agreed")
                .order_by(c.id)
            )
            assert [tuple(row) for row in found] == [
                (*("itm_1", 2, position, "per_1", at), {"action": action, **data}, words)
                for position, action, data, words in (
                    (2, "act_1", {"owner": "lead", "due": "2027-02-10"}, "txt_data"),
                    (3, "act_2", {"owner": "per_1", "due": "2027-02-11"}, None),
                )
            ]
        await _down(empty, "0011")


def test_the_migrations_form_one_line() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(migrate.config())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
