"""The owner of a task in SQL is the first holder in Python, for any team."""

import itertools

from sqlalchemy import select, update

from storage.database import Database
from storage.record import write
from storage.roles import all_holders, resolve_owners
from storage.sql import engagements, items, tasks
from storage.tables import Engagement, Item
from tests.storage.office import NOW, item_record, office, task

SELECTORS = (
    *("lead", "member", "manager", "adviser", "researcher", "team"),
    *("con_second", "con_gone", "per_researcher", "per_gone", "con_nowhere"),
)


async def test_sql_and_python_agree_on_who_owns_a_task(database: Database) -> None:
    async with database.transaction() as session:
        await office().write(session)
        every = (task(f"t{n}", selector) for n, selector in enumerate(SELECTORS))
        await write(session, item_record(1, "draft", *every), NOW)
        choices = (None, "per_gone", "per_manager")
        for manager, adviser, assignee in itertools.product(choices, repeat=3):
            await session.execute(
                update(engagements).values(manager_id=manager, adviser_id=adviser)
            )
            await session.execute(update(items).values(assignee_id=assignee))
            await resolve_owners(session, tasks.c.item_id == "itm_1")
            session.expire_all()
            engagement = await session.get_one(Engagement, "eng_1")
            item = await session.get_one(Item, "itm_1")
            holders = await all_holders(session, engagement, item, SELECTORS)
            for row in (await session.execute(select(tasks))).all():
                found = holders[row.owner_role]
                assert row.owner_id == (found[0] if found else None), row.owner_role
