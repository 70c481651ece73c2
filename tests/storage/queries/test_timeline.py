"""The timeline shows events and emails in one order."""

from storage.database import Database
from storage.queries.timeline import timeline
from tests.databases import count_statements
from tests.storage.queries.pages import every_row


async def test_a_timeline_merges_events_and_emails(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            whole = (await timeline(session, "eng_1")).rows
        assert len(seen) == 1
        paged = await every_row(lambda c: timeline(session, "eng_1", cursor=c, limit=2))
    assert list(whole) == paged
    assert len(whole) == 10
    instants = [row.at for row in whole]
    assert instants == sorted(instants, reverse=True)
    opened = next(row for row in whole if row.kind == "engagement.opened")
    assert opened.text == "We have merged with our neighbours."
    assert opened.who is not None
    assert opened.who.name == "Manager"
    sent = next(row for row in whole if row.id == "ntf_3")
    assert (sent.entry, sent.state, sent.item_kind, sent.item_key) == (
        "notification",
        "accepted",
        "research",
        "1",
    )
    assert sent.who is not None
    assert sent.who.name == "Lead"
    assert (sent.data, opened.data) == ({}, {})
    first = [row for row in whole if row.entry == "event" and row.item_id == "itm_1"]
    assert [row.data for row in first] == [{"n": "1"}, {"n": "0"}]
