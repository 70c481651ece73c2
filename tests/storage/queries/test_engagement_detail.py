"""One engagement is read completely in three statements."""

from storage.database import Database
from storage.queries.access import Visibility
from storage.queries.engagement_detail import planned_from, show_engagement
from storage.queries.engagements import list_engagements
from storage.record import write
from tests.databases import count_statements
from tests.storage.office import NOW, item_record, office, task
from tests.storage.queries.crowd import every_page


async def test_a_detail_takes_three_statements_and_shows_everything(database: Database) -> None:
    async with database.transaction() as session:
        await office().write(session)
        for number in range(1, 9):
            one = item_record(
                1,
                "draft",
                task("draft", "researcher", due=number),
                task("b", due=number),
                item=f"itm_{number}",
                key=str(number),
                assignee="per_researcher",
            )
            await write(session, one, NOW)
        await write(session, item_record(2, "closed", item="itm_8", key="8", closed_at=NOW), NOW)
    with count_statements(database) as seen:
        async with database.reading() as session:
            found = await show_engagement(session, "eng_1", NOW)
    assert len(seen) == 3
    assert found is not None
    assert [one.id for one in found.items] == [f"itm_{n}" for n in range(1, 9)]
    assert [one.due_at for one in found.tasks] == sorted(one.due_at for one in found.tasks)
    assert len(found.tasks) == 14
    assert found.open_requests == 7
    assert [one.id for one in found.contacts] == ["con_lead", "con_second", "con_gone"]
    assert found.items[0].assignee is not None
    assert found.items[0].assignee.name == "Researcher"
    assert found.programme_title == "IGN"
    async with database.reading() as session:
        (listed,) = (await list_engagements(session, NOW)).rows
        plan = await planned_from(session, "eng_1")
    assert found.task(NOW) == listed.task
    assert plan is not None
    assert plan.source == "id: ign\n"


async def test_the_plan_is_made_from_the_steps_done_and_the_dates_moved(database: Database) -> None:
    tasks = (task("step:agreement", due=9, revision=2), task("step:contacts", due=3, revision=2))
    open_one = task("step:welcome-call", due=4)
    steps = {
        "step:baseline": "done",
        "step:baseline:at": NOW.isoformat(),
        "step:plan": "waived",
        "step:plan:at": NOW.isoformat(),
        "step:agreement": "open",
    }
    async with database.transaction() as session:
        await office().write(session)
        onboarding = item_record(
            1, "steps", *tasks, open_one, kind="onboarding", key="onboarding", data=steps
        )
        other = item_record(1, "draft", task("draft", due=5, revision=3), item="itm_2")
        for record in (onboarding, other):
            await write(session, record, NOW)
    with count_statements(database) as seen:
        async with database.reading() as session:
            found = await planned_from(session, "eng_1")
    assert len(seen) == 1
    assert found is not None
    assert found.steps == steps
    assert found.steps_moved == {one.key: one.due_at for one in tasks}


async def test_a_member_sees_only_its_own_engagements(filled: Database) -> None:
    own = Visibility("mem_n00004")
    assert [row.id for row in await every_page(filled, visible_to=own)] == ["eng_n00004"]
    async with filled.reading() as session:
        assert await show_engagement(session, "eng_n00004", NOW, visible_to=own)
        assert await show_engagement(session, "eng_n00005", NOW, visible_to=own) is None
        assert await planned_from(session, "eng_n00005", visible_to=own) is None
