"""Delivery troubles are derived when they are read: by state, by time, by who looks after them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from notifications.states import STATES, TROUBLES
from storage.database import Database
from storage.queries.troubles import AT_ONCE, IN_TIME, count_troubles, list_troubles
from storage.sql import engagements, notifications
from tests.databases import count_statements
from tests.storage.office import NOW, office

WAIT = timedelta(hours=2)


@pytest.fixture
async def kept(database: Database) -> Database:
    async with database.transaction() as session:
        await office().write(session)
    return database


async def put(database: Database, id: str, state: str, at: datetime = NOW, **values: Any) -> None:
    row = {
        "id": id,
        "engagement_id": "eng_1",
        "item_id": "eng_1",
        "sequence": 1,
        "kind": "k",
        "rung": id,
        "task": "",
        "revision": 0,
        "recipient_id": "con_lead",
        "selector": "",
        "text_id": None,
        "state": state,
        "reason": "",
        "not_before": None,
        "reserved_at": at,
        "changed_at": at,
        "round": 0,
        "resolution": "",
        "resolved_at": None,
    }
    async with database.transaction() as session:
        await session.execute(insert(notifications).values(**{**row, **values}))


async def troubles(database: Database, now: datetime = NOW, **of: Any) -> list[str]:
    async with database.reading() as session:
        page = await list_troubles(session, now, WAIT, **of)
        if not of:
            assert await count_troubles(session, now, WAIT) == len(page.rows)
    return [row.id for row in page.rows]


def test_the_states_are_those_of_the_ledger() -> None:
    assert {*AT_ONCE, IN_TIME} == TROUBLES


async def test_each_state_that_needs_a_person_is_there_and_no_other(kept: Database) -> None:
    for state in STATES:
        await put(kept, f"ntf_{state}", state)
    later = NOW + WAIT
    assert set(await troubles(kept, later)) == {f"ntf_{state}" for state in TROUBLES}


async def test_what_nobody_knows_becomes_trouble_by_time_alone(kept: Database) -> None:
    await put(kept, "ntf_1", "unknown")
    assert await troubles(kept, NOW + WAIT - timedelta(seconds=1)) == []
    assert await troubles(kept, NOW + WAIT) == ["ntf_1"]


async def test_what_somebody_has_dealt_with_is_gone(kept: Database) -> None:
    await put(kept, "ntf_1", "bounced", resolution="dismiss", resolved_at=NOW)
    assert await troubles(kept) == []


async def test_the_longest_waiting_comes_first_and_pages_follow(kept: Database) -> None:
    for number in range(5):
        await put(kept, f"ntf_{number}", "failed", NOW - timedelta(minutes=number))
    found, cursor = [], None
    async with kept.reading() as session:
        for _ in range(3):
            page = await list_troubles(session, NOW, WAIT, cursor=cursor, limit=2)
            found += [row.id for row in page.rows]
            cursor = page.next
    assert found == ["ntf_4", "ntf_3", "ntf_2", "ntf_1", "ntf_0"]
    assert cursor is None


async def test_a_manager_sees_the_own_ones_and_those_of_nobody(kept: Database) -> None:
    await put(kept, "ntf_1", "bounced")
    assert await troubles(kept, manager_id="per_manager") == ["ntf_1"]
    assert await troubles(kept, manager_id="per_somebody") == []
    for manager in (None, "per_gone"):
        async with kept.transaction() as session:
            await session.execute(update(engagements).values(manager_id=manager))
        assert await troubles(kept, manager_id="per_somebody") == ["ntf_1"]


async def test_it_takes_one_statement(kept: Database) -> None:
    await put(kept, "ntf_1", "bounced")
    with count_statements(kept) as seen:
        async with kept.reading() as session:
            [row] = (await list_troubles(session, NOW, WAIT)).rows
    assert len(seen) == 1
    assert (row.member.name, row.recipient.name) == ("Cardiff", "Lead")
