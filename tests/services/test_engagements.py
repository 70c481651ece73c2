"""The start of an engagement on both databases: one at a time, and none left half-way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import Database, utc_now
from storage.sql import engagements
from storage.starting import Opening, put_down
from tests.api.live import SWIFT, Live, at_work
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CALENDAR, fill
from tests.databases import migrated_postgres, opened

pytestmark = pytest.mark.dev_server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, database: Database) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield database.url.render_as_string()
        else:
            yield stack.enter_context(migrated_postgres())


@pytest.fixture
async def live(temporal_address: str, url: str, tmp_path: Path) -> AsyncIterator[Live]:
    async with opened(url) as database:
        if database.dialect == "postgresql":
            async with database.transaction() as session:
                await fill(session)
        async with at_work(temporal_address, database, tmp_path) as live:
            yield live


async def test_of_many_starts_at_once_exactly_one_happens(live: Live) -> None:
    member = await live.member()
    answers = await asyncio.gather(*(live.start(member) for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert {a.json()["type"] for a in answers if a.status_code == 409} == {"/problems/exists"}
    page = await live.get("manager", f"/engagements?member={member}")
    assert len(page["items"]) == 1


async def test_of_many_commands_at_once_exactly_one_is_taken(live: Live) -> None:
    engagement_id = await live.started()
    path = f"/engagements/{engagement_id}/requests"
    request = await live.done("member", path, {"text": "What raises pay?"})
    accept = f"/requests/{request['id']}/accept"
    answers = await asyncio.gather(*(live.post("manager", accept) for _ in range(5)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 4}
    timeline = await live.get("viewer", f"/engagements/{engagement_id}/timeline")
    kinds = Counter(entry["kind"] for entry in timeline["items"] if entry["entry"] == "event")
    assert kinds["research.accepted"] == 1


async def test_a_start_that_was_cut_off_makes_room_for_the_next(live: Live) -> None:
    member = await live.member()
    left = Opening(
        id="eng_left_behind",
        member_id=member,
        programme_id=SWIFT,
        programme_version=1,
        manager_id="per_manager",
        adviser_id=None,
        calendar=CALENDAR,
        started_on=utc_now().date(),
        opened_at=utc_now() - timedelta(hours=1),
    )
    async with live.database.transaction() as session:
        await put_down(session, left)
    answer = await live.start(member)
    assert answer.status_code == 201, answer.text
    async with live.database.reading() as session:
        rows = await session.scalars(
            select(engagements.c.id).where(engagements.c.member_id == member)
        )
        assert rows.all() == [answer.json()["id"]]


async def test_a_start_whose_workflow_was_ended_by_hand_makes_room_for_the_next(
    temporal_address: str, url: str, tmp_path: Path
) -> None:
    async with opened(url) as database:
        if database.dialect == "postgresql":
            async with database.transaction() as session:
                await fill(session)
        async with at_work(
            temporal_address, database, tmp_path, worker=False, command_timeout=1.0
        ) as idle:
            member = await idle.member()
            first = (await idle.start(member)).json()["location"].rpartition("/")[2]
            assert (await idle.start(member)).json()["blockers"] == [first]
            await idle.client.get_workflow_handle(f"engagement/{first}").terminate()
            async with database.transaction() as session:
                long_ago = utc_now() - timedelta(hours=1)
                await session.execute(engagements.update().values(opened_at=long_ago))
            answer = await idle.start(member)
            assert answer.status_code == 202, answer.text
            second = answer.json()["location"].rpartition("/")[2]
            assert second != first
            async with database.reading() as session:
                rows = await session.scalars(
                    select(engagements.c.id).where(engagements.c.member_id == member)
                )
                assert rows.all() == [second]


async def test_an_unknown_member_programme_or_person_is_named(live: Live) -> None:
    member = await live.member()
    right = {"member": member, "programme": SWIFT, "start": utc_now().date().isoformat()}
    for wrong in (
        {"member": "mem_none"},
        {"programme": "none"},
        {"version": 7},
        {"manager": "per_none"},
        {"adviser": "per_gone"},
    ):
        answer = await live.post("manager", "/engagements", {**right, **wrong})
        assert answer.status_code == 422
        named = {"version": "programme"}.get(next(iter(wrong)), next(iter(wrong)))
        assert answer.json()["errors"][0]["pointer"] == f"#/{named}"


async def test_the_workflow_is_readable_in_temporal_and_holds_no_name(live: Live) -> None:
    member = await live.member()
    engagement_id = (await live.start(member)).json()["id"]
    described = await live.client.get_workflow_handle(f"engagement/{engagement_id}").describe()
    assert await described.static_summary() == f"Member {member}: {SWIFT}"
    attributes = {
        pair.key.name: pair.value for pair in described.typed_search_attributes.search_attributes
    }
    assert attributes["MilepostProgramme"] == SWIFT
    assert attributes["MilepostMember"] == member
    assert attributes["MilepostKind"] == "engagement"
