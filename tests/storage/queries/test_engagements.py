"""The list of engagements: its filters, its orders, its pages."""

from datetime import timedelta
from typing import Any

import pytest

from storage.database import Database
from storage.queries.engagement_order import EngagementFilter, Sort
from storage.queries.engagements import EngagementRow, list_engagements
from storage.queries.paging import BadCursor, encode
from storage.record import write
from tests.databases import count_statements
from tests.storage.office import NOW, item_record, office, task
from tests.storage.queries.crowd import every_page

SORTS: tuple[Sort, ...] = ("member", "started_on", "opened_at", "due_at")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_list_every_engagement_once_and_in_order(
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


@pytest.mark.parametrize("descending", [False, True])
async def test_by_health_the_worst_come_first_over_all_pages(
    filled: Database, descending: bool
) -> None:
    found = await every_page(filled, sort="health", descending=descending)
    assert len({row.id for row in found}) == len(found) == 41
    groups = ["stuck", "overdue", "due_soon", "on_track"]
    order = [*(reversed(groups) if descending else groups), "ended"]
    assert [_standing(row) for row in found] == sorted(
        [_standing(row) for row in found], key=order.index
    )
    assert {_standing(row) for row in found} == set(order)
    for standing in order:
        group = [row for row in found if _standing(row) == standing]

        def key(row: EngagementRow, standing: str = standing) -> Any:
            by_name = standing in ("on_track", "ended")
            return (row.member.name if by_name else row.due_at, row.id)

        assert group == sorted(group, key=key, reverse=descending)


async def test_by_health_each_is_listed_once_while_the_clock_moves(
    filled: Database,
) -> None:
    still = await every_page(filled, 3, sort="health")
    found = await every_page(filled, 3, sort="health", a_page=timedelta(days=2))
    assert [row.id for row in found] == [row.id for row in still]
    assert [row.health for row in found] != [row.health for row in still], "each as it is by then"


def _standing(row: EngagementRow) -> str:
    return "ended" if row.closed_at else row.health


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (EngagementFilter(stage="active"), lambda row: row.stage == "active"),
        (EngagementFilter(health="stuck"), lambda row: row.health == "stuck"),
        (EngagementFilter(health="overdue"), lambda row: row.health == "overdue"),
        (EngagementFilter(health="due_soon"), lambda row: row.health == "due_soon"),
        (EngagementFilter(health="on_track"), lambda row: row.health == "on_track"),
        (EngagementFilter(open=True), lambda row: row.closed_at is None),
        (EngagementFilter(open=False), lambda row: row.closed_at is not None),
        (EngagementFilter(member_id="mem_n00003"), lambda row: row.member.id == "mem_n00003"),
        (EngagementFilter(programme_id="ign"), lambda row: True),
        (
            EngagementFilter(manager_id="per_other", stage="active"),
            lambda row: row.manager.id == "per_other" and row.stage == "active",
        ),
        (EngagementFilter(text="cArDiFF"), lambda row: row.member.name == "Cardiff"),
        (EngagementFilter(text="other"), lambda row: row.manager.name == "Zoë Other"),
        (EngagementFilter(text="zOË"), lambda row: row.manager.name == "Zoë Other"),
    ],
)
async def test_a_filter_returns_exactly_the_matching_engagements(
    filled: Database, where: EngagementFilter, expected: Any
) -> None:
    all_rows = await every_page(filled, limit=100)
    found = await every_page(filled, where=where, sort="due_at")
    assert {row.id for row in found} == {row.id for row in all_rows if expected(row)}
    assert found


@pytest.mark.parametrize("wanted", ["%", "_", "\\", "'", "nowhere", "programme"])
async def test_a_search_text_is_not_a_pattern(filled: Database, wanted: str) -> None:
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


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "bm90IGpzb24", "W10", "e30", "eyJhIjoxfQ", "ÿ", "=" * 9, "A" * 5000),
        encode(s="member", d=0, p=1, k="x", id="x", at="2027-01-11T09:00:00+00:00"),
        encode(s="member", d=0, p=-1, k="x", id="x", at="2027-01-11T09:00:00+00:00"),
        encode(s="member", d=0, p=0, k="x", id="x", at="2027-01-11T09:00:00"),
        encode(s="member", d=0, p=0, k="x", id="x", at="0001-01-01T00:00:00+14:00"),
    ],
)
async def test_an_invented_cursor_is_refused(database: Database, cursor: str) -> None:
    async with database.reading() as session:
        with pytest.raises(BadCursor, match="first page"):
            await list_engagements(session, NOW, cursor=cursor)


async def test_a_cursor_of_another_order_is_refused(filled: Database) -> None:
    async with filled.reading() as session:
        page = await list_engagements(session, NOW, limit=3, sort="started_on")
        others: tuple[dict[str, Any], ...] = (
            {"sort": "due_at"},
            {"sort": "health"},
            {"sort": "started_on", "descending": True},
        )
        for other in others:
            with pytest.raises(BadCursor):
                await list_engagements(session, NOW, cursor=page.next, **other)
