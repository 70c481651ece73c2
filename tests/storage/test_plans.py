"""Commands find their rows with an index: a scan would block the only writer."""

import re
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.idempotency import begin, finish, forget
from storage.inbound import sender_of
from storage.master import add_person, drop_text, store_text
from storage.record import write
from tests.databases import note_statements, plan_of
from tests.storage.office import NOW, item_record, office, task

WHOLE = re.compile(r"\bSCAN (?!CONSTANT)|\bSeq Scan\b")
"""What SQLite and PostgreSQL call reading a whole table."""


async def _text(session: AsyncSession) -> None:
    for words in ("One", "Two"):
        await store_text(session, id="txt_1", body=words, author_id="con_lead", now=NOW)
    await drop_text(session, "txt_1", NOW)


async def _idempotency(session: AsyncSession) -> None:
    await begin(session, "per_1", "key", "f", NOW)
    await finish(session, "per_1", "key", 201, "{}")
    await begin(session, "per_1", "key", "f", NOW)
    await forget(session, "per_1", "key")


async def _record(session: AsyncSession) -> None:
    for sequence in (1, 2):
        await write(session, item_record(sequence, "draft", task("triage")), NOW)


async def _address(session: AsyncSession) -> None:
    email = "Ada@Example.org"
    person = await add_person(session, "operator", NOW, name="Ada", email=email, role="adviser")
    assert await sender_of(session, email, "mem_1") == person


@pytest.mark.parametrize("work", [_text, _idempotency, _record, _address])
async def test_no_command_reads_a_whole_table(
    database: Database, work: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    async with database.transaction() as session:
        await office().write(session)
    async with database.transaction() as session:
        with note_statements(database) as seen:
            await work(session)
        if database.dialect == "postgresql":
            # So small a table is read whole, unless that counts as dear.
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        plans = {statement: await plan_of(session, statement, values) for statement, values in seen}
    assert plans
    whole = {statement: plan for statement, plan in plans.items() if any(map(WHOLE.search, plan))}
    assert whole == {}
