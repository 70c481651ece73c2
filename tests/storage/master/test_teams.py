"""A role in an engagement moves to another person with its tasks, and the timeline says so."""

import asyncio

import pytest
from sqlalchemy import select, update

from storage.database import Database
from storage.master import Missing, Rejected, TakenOver, add_person, assign_team, update_contact
from storage.sql import engagements, events
from tests.storage.master.ledger import owners
from tests.storage.office import NOW


async def said(database: Database) -> list[tuple[int, int, str, dict[str, str]]]:
    """Number, position, kind and details of each fact of the engagement itself."""
    c = events.c
    async with database.reading() as session:
        query = select(c.sequence, c.position, c.kind, c.data)
        rows = await session.execute(
            query.where(c.item_id == "eng_1", c.engagement_id == "eng_1").order_by(
                c.sequence.desc(), c.position
            )
        )
        return [(row.sequence, row.position, row.kind, row.data) for row in rows]


async def ada(database: Database) -> str:
    async with database.transaction() as session:
        return await add_person(
            session, "per_manager", NOW, name="Ada", email="a@example.org", role="manager"
        )


async def test_a_new_team_takes_over_the_open_tasks(stocked: Database) -> None:
    new = await ada(stocked)
    async with stocked.transaction() as session:
        taken = await assign_team(
            session, "per_manager", NOW, "eng_1", manager_id=new, adviser_id="per_manager"
        )
    assert taken == TakenOver("eng_1", -1, ("manager", "adviser"))
    now = await owners(stocked)
    assert (now["manager"], now["adviser"], now["researcher"]) == (
        *(new, "per_manager"),
        "per_researcher",
    )
    manager = {"manager": new, "predecessor": "per_manager"}
    adviser = {"adviser": "per_manager", "predecessor": "per_adviser"}
    assert await said(stocked) == [
        (-1, 0, "engagement.manager_changed", manager),
        (-1, 1, "engagement.adviser_changed", adviser),
    ]


async def test_the_present_holder_takes_nothing_over(stocked: Database) -> None:
    async with stocked.transaction() as session:
        same = await assign_team(session, "per_manager", NOW, "eng_1", manager_id="per_manager")
        none = await assign_team(session, "per_manager", NOW, "eng_1")
    assert (same, none, await said(stocked)) == (None, None, [])


async def test_a_vacant_role_has_no_predecessor(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await session.execute(update(engagements).values(adviser_id=None))
        await assign_team(session, "per_manager", NOW, "eng_1", adviser_id="per_manager")
    assert await said(stocked) == [
        (-1, 0, "engagement.adviser_changed", {"adviser": "per_manager"})
    ]


async def test_a_team_is_made_of_active_people_of_that_role(stocked: Database) -> None:
    async with stocked.transaction() as session:
        with pytest.raises(Rejected) as caught:
            await assign_team(
                *(session, "per_manager", NOW, "eng_1"),
                manager_id="per_adviser",
                adviser_id="per_gone",
            )
        assert [flaw.name for flaw in caught.value.flaws] == ["not_a_manager", "person_inactive"]
        with pytest.raises(Missing):
            await assign_team(session, "per_manager", NOW, "eng_x", manager_id="per_manager")
    assert await said(stocked) == []


async def test_two_simultaneous_equal_changes_are_recorded_once(stocked: Database) -> None:
    new = await ada(stocked)

    async def give() -> TakenOver | None:
        async with stocked.transaction() as session:
            return await assign_team(session, "per_manager", NOW, "eng_1", manager_id=new)

    taken = await asyncio.gather(*(give() for _ in range(4)))
    assert sum(one is not None for one in taken) == 1
    assert len(await said(stocked)) == 1


async def test_a_new_lead_is_on_the_timeline_of_each_open_engagement(stocked: Database) -> None:
    async with stocked.transaction() as session:
        taken = await update_contact(session, "per_manager", NOW, "con_second", lead=True)
        again = await update_contact(session, "per_manager", NOW, "con_second", lead=True)
    assert (taken, again) == ((TakenOver("eng_1", -1, ("lead",)),), ())
    fact = {"lead": "con_second", "predecessor": "con_lead"}
    assert await said(stocked) == [(-1, 0, "engagement.lead_changed", fact)]
