"""A list accepts only its own cursors."""

import pytest

from storage.database import Database
from storage.queries.items import ItemFilter, list_items
from storage.queries.members import list_members, list_people
from storage.queries.notifications import engagement_notifications
from storage.queries.paging import BadCursor
from storage.queries.tasks import engagement_tasks
from storage.queries.timeline import timeline


@pytest.mark.parametrize("cursor", ["", "eyJhIjoxfQ", "eyJpZCI6MX0", "eyJpZCI6InRleHQifQ", "é"])
async def test_each_list_refuses_a_cursor_of_another_list(stocked: Database, cursor: str) -> None:
    async with stocked.reading() as session:
        for read in (
            timeline(session, "eng_1", cursor=cursor),
            engagement_tasks(session, "eng_1", cursor=cursor),
            engagement_notifications(session, "eng_1", cursor=cursor),
            list_items(session, ItemFilter(), cursor=cursor),
            list_members(session, cursor=cursor),
            list_people(session, cursor=cursor),
        ):
            with pytest.raises(BadCursor):
                await read
