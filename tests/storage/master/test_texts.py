"""Texts: stored before their command, dropped where it is refused, kept once on record."""

from sqlalchemy import select

from programmes.facts import Fact, Record
from storage.database import Database
from storage.master import drop_text, store_text
from storage.record import write
from storage.sql import texts
from tests.storage.master.ledger import audit
from tests.storage.office import NOW


async def body(database: Database, text_id: str) -> str | None:
    async with database.reading() as session:
        return await session.scalar(select(texts.c.body).where(texts.c.id == text_id))


async def put(database: Database, words: str) -> str:
    async with database.transaction() as session:
        return await store_text(session, id="txt_1", body=words, author_id="con_lead", now=NOW)


async def test_a_text_is_replaced_by_a_later_attempt_until_it_is_on_record(
    stocked: Database,
) -> None:
    first = await put(stocked, "One")
    assert first == await put(stocked, "One")
    assert first != await put(stocked, "Two")
    assert await body(stocked, "txt_1") == "Two"
    async with stocked.transaction() as session:
        fact = Fact("research.asked", NOW, "per_manager", text="txt_1")
        await write(session, Record("eng_1", "itm_1", 9, (fact,)), NOW)
    await put(stocked, "Three")
    async with stocked.transaction() as session:
        assert await drop_text(session, "txt_1") is False
    assert await body(stocked, "txt_1") == "Two"


async def test_a_text_whose_command_was_refused_is_gone(stocked: Database) -> None:
    await put(stocked, "One")
    async with stocked.transaction() as session:
        assert await drop_text(session, "txt_1") is True
        assert await drop_text(session, "txt_1") is False
    assert await body(stocked, "txt_1") is None
    assert [kind for _, kind, _ in await audit(stocked, "txt_1")] == [
        "text.stored",
        "text.dropped",
    ]
