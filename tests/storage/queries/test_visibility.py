"""The rows of other members do not exist for a reader."""

from storage.database import Database
from storage.queries.access import Visibility
from storage.queries.items import ItemFilter, list_items, show_item
from storage.queries.members import list_members, show_member
from storage.queries.notifications import engagement_notifications
from storage.queries.tasks import engagement_tasks, my_tasks
from storage.queries.timeline import timeline

OTHERS = Visibility("mem_other")
OWN = Visibility("mem_1")


async def test_the_rows_of_other_members_do_not_exist(stocked: Database) -> None:
    async with stocked.reading() as session:
        assert (await timeline(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await engagement_tasks(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await my_tasks(session, "per_manager", visible_to=OTHERS)).rows == ()
        assert (await engagement_notifications(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await list_items(session, ItemFilter(), visible_to=OTHERS)).rows == ()
        assert await show_item(session, "itm_1", visible_to=OTHERS) is None
        assert await show_member(session, "mem_1", visible_to=OTHERS) is None
        assert [one.id for one in (await list_members(session, visible_to=OTHERS)).rows] == [
            "mem_other"
        ]
        assert await show_item(session, "itm_1", visible_to=OWN)
        assert len((await timeline(session, "eng_1", visible_to=OWN)).rows) == 10
