"""The list of engagements: what it narrows, how it pages, what it costs with 10 and with 10,000."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text, update

from programmes.health import Health, health
from storage.database import Database
from storage.queries.engagement_detail import planned_from, show_engagement
from storage.queries.engagement_pages import EngagementFilter, Sort
from storage.queries.engagements import EngagementRow, list_engagements
from storage.queries.paging import BadCursor
from storage.queries.rows import health_column
from storage.queries.visibility import Visibility
from storage.record import write
from storage.sql import engagements, items, tasks
from tests.databases import count_statements, migrated_sqlite, opened
from tests.storage.office import NOW, Rows, days, item_record, office, task

SORTS: tuple[Sort, ...] = ("member", "started_on", "opened_at", "due_at")


def many(count: int) -> tuple[Rows, list[dict[str, Any]], list[dict[str, Any]]]:
    """``count`` engagements in every state of health; three of four have an open task."""
    rows = office()
    rows.person("per_other", "manager", name="Zoë Other")
    its_items, its_tasks = [], []
    for n in range(count):
        member = f"mem_n{n:05}"
        rows.member(member, name=f"Council {(n * 7919) % count:05}")
        rows.contact(f"con_n{n:05}", member, lead=True)
        due = days((n % 40) - 20) if n % 4 else None
        values: dict[str, Any] = {}
        if due is not None:
            values = {
                "soon_at": due - timedelta(days=3),
                "due_at": due,
                "stuck_at": due + timedelta(days=10),
            }
        rows.engagement(
            f"eng_n{n:05}",
            member,
            manager_id="per_manager" if n % 3 else "per_other",
            stage="active" if n % 2 else "onboarding",
            started_on=date(2026, 1, 1) + timedelta(days=n % 300),
            opened_at=days(-(n % 300)),
            **values,
        )
        its_items.append(
            {
                "id": f"itm_n{n:05}",
                "engagement_id": f"eng_n{n:05}",
                "kind": "research",
                "key": "1",
                "stage": "triage",
                "opened_at": NOW,
                "closed_at": None,
                "outcome": "",
                "assignee_id": None,
                "due_at": None,
                "data": {},
                "sequence": 1,
                "state_sequence": 1,
                "tasks_sequence": 1,
            }
        )
        if due is not None:
            its_tasks.append(
                {
                    "item_id": f"itm_n{n:05}",
                    "key": "triage",
                    "family": "research",
                    "engagement_id": f"eng_n{n:05}",
                    "owner_role": "manager",
                    "owner_id": "per_manager",
                    "revision": 1,
                    "opened_at": NOW,
                    **values,
                }
            )
    return rows, its_items, its_tasks


async def fill(database: Database, count: int) -> None:
    rows, its_items, its_tasks = many(count)
    async with database.transaction() as session:
        await rows.write(session)
        await session.execute(insert(items), its_items)
        await session.execute(insert(tasks), its_tasks)


async def every_page(database: Database, limit: int = 7, **options: Any) -> list[EngagementRow]:
    found: list[EngagementRow] = []
    cursor: str | None = None
    async with database.reading() as session:
        while True:
            page = await list_engagements(session, NOW, limit=limit, cursor=cursor, **options)
            found += page.rows
            cursor = page.next
            if cursor is None:
                return found


@pytest.fixture
async def filled(database: Database) -> Database:
    await fill(database, 40)
    return database


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_meet_every_engagement_once_and_in_order(
    filled: Database, sort: Sort, descending: bool
) -> None:
    found = await every_page(filled, sort=sort, descending=descending)
    assert len(found) == 41
    assert len({row.id for row in found}) == 41

    def key(row: EngagementRow) -> Any:
        value = row.member.name if sort == "member" else getattr(row, sort)
        return (value, row.id)

    dated = [row for row in found if key(row)[0] is not None]
    undated = [row for row in found if key(row)[0] is None]
    assert found == dated + undated, "whatever has no date comes last"
    assert dated == sorted(dated, key=key, reverse=descending)
    assert undated == sorted(undated, key=lambda row: row.id, reverse=descending)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (EngagementFilter(stage="active"), lambda row: row.stage == "active"),
        (EngagementFilter(health="stuck"), lambda row: row.health == "stuck"),
        (EngagementFilter(health="overdue"), lambda row: row.health == "overdue"),
        (EngagementFilter(health="due_soon"), lambda row: row.health == "due_soon"),
        (EngagementFilter(health="on_track"), lambda row: row.health == "on_track"),
        (EngagementFilter(member_id="mem_n00003"), lambda row: row.member.id == "mem_n00003"),
        (EngagementFilter(programme_id="ign"), lambda row: True),
        (
            EngagementFilter(manager_id="per_other", stage="active"),
            lambda row: row.manager.id == "per_other" and row.stage == "active",
        ),
        (EngagementFilter(text="cArDiFF"), lambda row: row.member.name == "Cardiff"),
        (EngagementFilter(text="other"), lambda row: row.manager.name == "Zoë Other"),
    ],
)
async def test_a_filter_keeps_what_it_names_and_only_that(
    filled: Database, where: EngagementFilter, expected: Any
) -> None:
    all_rows = await every_page(filled, limit=100)
    found = await every_page(filled, where=where, sort="due_at")
    assert {row.id for row in found} == {row.id for row in all_rows if expected(row)}
    assert found


@pytest.mark.parametrize("wanted", ["%", "_", "\\", "'", "nowhere", "programme"])
async def test_what_is_searched_is_text_and_not_a_pattern(filled: Database, wanted: str) -> None:
    assert await every_page(filled, where=EngagementFilter(text=wanted)) == []


async def test_a_row_shows_the_task_that_explains_its_health(database: Database) -> None:
    async with database.transaction() as session:
        await office().write(session)
        await write(session, item_record(1, "triage", task("triage", due=1), key="1"), NOW)
        late = item_record(
            1,
            "open",
            task("step:a", "lead", due=-2),
            task("b", "adviser", due=-1),
            item="itm_2",
            kind="onboarding",
            key="onboarding",
        )
        await write(session, late, NOW)
    with count_statements(database) as seen:
        async with database.reading() as session:
            page = await list_engagements(session, NOW)
    assert len(seen) == 1
    (row,) = page.rows
    assert (row.health, row.open_requests) == ("overdue", 1)
    assert row.task is not None
    assert (row.task.item_kind, row.task.key, row.task.owner_role) == (
        "onboarding",
        "step:a",
        "lead",
    )
    assert row.task.owner is not None
    assert (row.task.owner.id, row.task.owner.name) == ("con_lead", "Lead")
    assert row.task.health(NOW) == "overdue"
    assert (row.manager and row.manager.name, row.adviser and row.adviser.name) == (
        "Manager",
        "Adviser",
    )
    assert row.member.nation == "WLS"


async def test_a_member_sees_its_own_engagements_alone(filled: Database) -> None:
    own = Visibility("mem_n00004")
    assert [row.id for row in await every_page(filled, visible_to=own)] == ["eng_n00004"]
    async with filled.reading() as session:
        assert await show_engagement(session, "eng_n00004", NOW, visible_to=own)
        assert await show_engagement(session, "eng_n00005", NOW, visible_to=own) is None
        assert await planned_from(session, "eng_n00005", visible_to=own) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "bm90IGpzb24", "W10", "e30", "eyJhIjoxfQ", "ÿ", "=" * 9, "A" * 5000]
)
async def test_a_cursor_that_no_list_gave_out_is_refused(database: Database, cursor: str) -> None:
    async with database.reading() as session:
        with pytest.raises(BadCursor, match="first page"):
            await list_engagements(session, NOW, cursor=cursor)


async def test_a_cursor_of_another_order_is_refused(filled: Database) -> None:
    async with filled.reading() as session:
        page = await list_engagements(session, NOW, limit=3, sort="started_on")
        for other in ({"sort": "due_at"}, {"sort": "started_on", "descending": True}):
            with pytest.raises(BadCursor):
                await list_engagements(session, NOW, cursor=page.next, **other)


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


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hours=st.tuples(*[st.none() | st.integers(-2, 2)] * 3))
async def test_sql_and_python_agree_about_health(
    filled: Database, hours: tuple[int | None, int | None, int | None]
) -> None:
    soon, due, stuck = (None if h is None else NOW + timedelta(hours=h) for h in hours)
    c = engagements.c
    async with filled.transaction() as session:
        await session.execute(
            update(engagements)
            .where(c.id == "eng_1")
            .values(soon_at=soon, due_at=due, stuck_at=stuck)
        )
        read = await session.scalar(select(health_column(NOW)).where(c.id == "eng_1"))
        assert read == health(NOW, soon, due, stuck)
        by_filter = [
            name
            for name in ("on_track", "due_soon", "overdue", "stuck")
            if (await _filtered(session, name)).rows
        ]
        assert by_filter == [read]


async def _filtered(session: Any, name: Any) -> Any:
    chosen: Health = name
    where = EngagementFilter(health=chosen, member_id="mem_1")
    return await list_engagements(session, NOW, where=where)


@pytest.fixture(scope="session")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    return migrated_sqlite(tmp_path_factory.mktemp("big") / "big.db"), []


@pytest.fixture
async def big(big_file: tuple[str, list[str]]) -> AsyncIterator[Database]:
    """10,000 engagements, filled once."""
    url, filled_before = big_file
    async with opened(url) as database:
        if not filled_before:
            filled_before.append("yes")
            await fill(database, 10_000)
            async with database.transaction() as session:
                await session.execute(text("ANALYZE"))
        yield database


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_ten_thousand_engagements_cost_one_statement_and_no_sorting_of_them_all(
    big: Database, sort: Sort, descending: bool
) -> None:
    async with big.reading() as session:
        first = await list_engagements(session, NOW, sort=sort, descending=descending)
        with count_statements(big) as seen:
            page = await list_engagements(
                session, NOW, sort=sort, descending=descending, cursor=first.next
            )
    assert len(page.rows) == 50
    assert len(seen) == 1
    plan = await _plan(big, sort=sort, descending=descending, cursor=first.next)
    whole = {f"SCAN {table}" for table in ("engagements", "members", "items", "tasks", "requests")}
    assert not whole.intersection(plan), plan
    if sort != "member":
        assert any(f"ix_engagements_{sort.split('_')[0]}" in line for line in plan), plan


async def _plan(database: Database, **options: Any) -> list[str]:
    """What SQLite does for a list, in its own words."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        sent.append((statement, values))

    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
        for engine in database.engines:
            event.listen(engine.sync_engine, "before_cursor_execute", note)
        await list_engagements(session, NOW, **options)
        for engine in database.engines:
            event.remove(engine.sync_engine, "before_cursor_execute", note)
        ((statement, values),) = sent
        connection = await session.connection()
        found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [str(row._mapping["detail"]) for row in found]
