"""Notifications are read with their states."""

from storage.database import Database
from storage.queries.notifications import engagement_notifications
from tests.databases import count_statements
from tests.storage.queries.pages import every_row


async def test_notifications_show_their_states_latest_first(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            rows = await every_row(
                lambda c: engagement_notifications(session, "eng_1", cursor=c, limit=4)
            )
    assert len(seen) == 2
    assert [row.id for row in rows] == [f"ntf_{n}" for n in (4, 3, 2, 1, 0)]
    assert rows[-1].reason == "no_recipient"
    assert rows[-1].recipient.name == ""
    assert rows[0].recipient.name == "Lead"
