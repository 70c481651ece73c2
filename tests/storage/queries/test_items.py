"""Items: lists by kind, and one item with its texts and tasks."""

from typing import Any

from programmes.facts import Fact, Record
from storage.database import Database
from storage.queries.items import ItemFilter, list_items, show_item
from storage.record import write
from tests.databases import count_statements
from tests.storage.office import NOW, item_record
from tests.storage.queries.pages import every_row


async def test_an_item_shows_its_texts_by_name_and_its_tasks(stocked: Database) -> None:
    with count_statements(stocked) as seen:
        async with stocked.reading() as session:
            found = await show_item(session, "itm_1")
    assert len(seen) == 2
    assert found is not None
    assert {name: text.body for name, text in found.texts.items()} == {
        "text": "What raises pay in care work?",
        "question": "Which wards?",
    }
    author = found.texts["question"].author
    assert author is not None
    assert author.name == "Manager"
    assert [one.key for one in found.tasks] == ["answer"]
    assert found.item.data["number"] == "1"
    assert found.member.name == "Cardiff"


async def test_items_are_listed_by_filter(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await write(session, item_record(2, "closed", item="itm_2", key="2", closed_at=NOW), NOW)

    async def ids(**where: Any) -> list[str]:
        async with stocked.reading() as session:
            rows = await every_row(
                lambda c: list_items(session, ItemFilter(**where), cursor=c, limit=1)
            )
            return [row.item.id for row in rows]

    assert await ids() == ["itm_3", "itm_2", "itm_1"]
    assert await ids(kind="advice") == []
    assert await ids(stage="draft", engagement_id="eng_1", kind="research") == ["itm_3"]
    assert await ids(assignee_id="per_researcher") == ["itm_3"]
    assert await ids(is_open=False) == ["itm_2"]
    assert await ids(is_open=True) == ["itm_3", "itm_1"]


async def test_an_item_without_a_state_is_not_shown(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await write(session, Record("eng_1", "itm_9", 4, (Fact("rung.fired", NOW),)), NOW)
    async with stocked.reading() as session:
        assert await show_item(session, "itm_9") is None
        assert len((await list_items(session, ItemFilter())).rows) == 3
