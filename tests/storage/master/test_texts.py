"""Texts are stored before their command, removed if it is refused, and kept once recorded."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from notifications.delivery.reserving import reserve
from programmes.facts import Fact, Notice, Record
from storage.database import Database
from storage.master import drop_text, store_text
from storage.master.texts import REFERRING
from storage.record import write
from storage.sql import engagements, inbound_messages, texts
from tests.storage.master.ledger import audit
from tests.storage.office import NOW, item_record, task


async def body(database: Database, text_id: str) -> str | None:
    async with database.reading() as session:
        return await session.scalar(select(texts.c.body).where(texts.c.id == text_id))


async def put(database: Database, words: str) -> str:
    async with database.transaction() as session:
        return await store_text(session, id="txt_1", body=words, author_id="con_lead", now=NOW)


async def _event(session: AsyncSession) -> None:
    fact = Fact("research.asked", NOW, "per_manager", text="txt_1")
    await write(session, Record("eng_1", "itm_1", 9, (fact,)), NOW)


async def _task(session: AsyncSession) -> None:
    action = task("action:act_1", "lead", family="action", text="txt_1")
    await write(session, item_record(9, "actions", action, kind="advice"), NOW)


async def _notification(session: AsyncSession) -> None:
    notice = Notice("research.asked", ("lead",), text="txt_1")
    await reserve(session, Record("eng_1", "itm_1", 9, (), notices=(notice,)), NOW)


async def _engagement(session: AsyncSession) -> None:
    await session.execute(update(engagements).values(reason="txt_1"))


async def _inbound_message(session: AsyncSession) -> None:
    row: dict[str, Any] = {
        **dict.fromkeys(("id", "key", "item_id", "reason", "sender_id"), "x"),
        "state": "unverified",
        "text_id": "txt_1",
        "attachments": 0,
        "received_at": NOW,
    }
    await session.execute(insert(inbound_messages).values(row))


RECORDS: dict[str, Callable[[AsyncSession], Awaitable[None]]] = {
    "events.text_id": _event,
    "tasks.text_id": _task,
    "notifications.text_id": _notification,
    "engagements.reason": _engagement,
    "inbound_messages.text_id": _inbound_message,
}
"""What puts a text on record, by the column that then refers to it."""


def test_every_column_that_refers_to_a_text_is_checked() -> None:
    referring = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if any(key.references(texts) for key in column.foreign_keys)
    }
    assert {f"{column.table.name}.{column.name}" for column in REFERRING} == referring
    assert set(RECORDS) == referring


@pytest.mark.parametrize("column", RECORDS)
async def test_a_later_attempt_replaces_a_text_until_a_record_refers_to_it(
    stocked: Database, column: str
) -> None:
    first = await put(stocked, "One")
    assert first == await put(stocked, "One")
    assert first != await put(stocked, "Two")
    assert await body(stocked, "txt_1") == "Two"
    async with stocked.transaction() as session:
        await RECORDS[column](session)
    await put(stocked, "Three")
    async with stocked.transaction() as session:
        assert await drop_text(session, "txt_1") is False
    assert await body(stocked, "txt_1") == "Two"


async def test_the_text_of_a_refused_command_is_removed(stocked: Database) -> None:
    await put(stocked, "One")
    async with stocked.transaction() as session:
        assert await drop_text(session, "txt_1") is True
        assert await drop_text(session, "txt_1") is False
    assert await body(stocked, "txt_1") is None
    assert [kind for _, kind, _ in await audit(stocked, "txt_1")] == [
        "text.stored",
        "text.dropped",
    ]
