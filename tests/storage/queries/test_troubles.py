"""Delivery troubles are computed when read: by state, by time and by manager."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from notifications.delivery.ledger import STATES
from notifications.delivery.resolving import CHOICES
from storage.database import Database
from storage.master.suppressions import lift, suppress
from storage.queries.suppressions import list_suppressions
from storage.queries.troubles import (
    AT_ONCE,
    IN_TIME,
    count_troubles,
    list_troubles,
)
from storage.sql import engagements, notifications
from tests.databases import count_statements
from tests.storage.office import NOW, Rows, office

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
            counted = await count_troubles(session, now, WAIT)
            assert sum(counted.values()) == len(page.rows)
    return [row.id for row in page.rows]


def test_the_states_are_those_of_the_ledger() -> None:
    assert {*AT_ONCE, IN_TIME} == set(CHOICES)


async def test_exactly_the_states_that_need_a_person_are_listed(kept: Database) -> None:
    for state in STATES:
        await put(kept, f"ntf_{state}", state)
    later = NOW + WAIT
    assert set(await troubles(kept, later)) == {f"ntf_{state}" for state in CHOICES}


async def test_an_unknown_outcome_becomes_trouble_after_a_while(kept: Database) -> None:
    await put(kept, "ntf_1", "unknown")
    assert await troubles(kept, NOW + WAIT - timedelta(seconds=1)) == []
    assert await troubles(kept, NOW + WAIT) == ["ntf_1"]


async def test_resolved_trouble_is_not_listed(kept: Database) -> None:
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


async def test_a_manager_sees_own_troubles_and_those_without_a_manager(kept: Database) -> None:
    await put(kept, "ntf_1", "bounced")
    assert await troubles(kept, manager_id="per_manager") == ["ntf_1"]
    assert await troubles(kept, manager_id="per_other") == []
    for manager in (None, "per_gone"):
        async with kept.transaction() as session:
            await session.execute(update(engagements).values(manager_id=manager))
        assert await troubles(kept, manager_id="per_other") == ["ntf_1"]


async def test_the_list_takes_one_statement(kept: Database) -> None:
    await put(kept, "ntf_1", "bounced")
    with count_statements(kept) as seen:
        async with kept.reading() as session:
            [row] = (await list_troubles(session, NOW, WAIT)).rows
    assert len(seen) == 1
    assert row.member is not None
    assert (row.member.name, row.recipient.name) == ("Cardiff", "Lead")


async def test_an_email_without_a_recipient_is_trouble_until_resolved(kept: Database) -> None:
    withheld: dict[str, Any] = {"reason": "no_recipient", "recipient_id": "none"}
    await put(kept, "ntf_1", "withheld", **withheld)
    await put(kept, "ntf_2", "withheld", reason="done")
    assert await troubles(kept) == ["ntf_1"]
    assert await troubles(kept, manager_id="per_manager") == ["ntf_1"]
    await put(kept, "ntf_3", "withheld", **withheld, resolution="dismiss", resolved_at=NOW)
    assert await troubles(kept) == ["ntf_1"]


async def test_a_suppressed_address_is_one_trouble_for_all_its_emails(
    kept: Database,
) -> None:
    async with kept.transaction() as session:
        await suppress(session, NOW, "CON_LEAD@example.org", reason="bounced")
    for number in range(3):
        at = NOW + timedelta(minutes=number)
        await put(kept, f"ntf_{number}", "withheld", at, reason="suppressed")
    assert await troubles(kept) == ["ntf_2"]
    async with kept.reading() as session:
        [row] = (await list_suppressions(session)).rows
        assert await count_troubles(session, NOW, WAIT) == {"eng_1": 1}
    async with kept.transaction() as session:
        await lift(session, "per_manager", NOW, row.id)
    assert await troubles(kept) == [], "the address is corrected, and superseded emails stay so"


async def test_a_summary_in_trouble_shows_for_the_manager_of_its_recipient(kept: Database) -> None:
    of_programme: dict[str, Any] = {"engagement_id": None, "kind": "digest.member"}
    item = "network.digest.member"
    await put(kept, "ntf_1", "bounced", **of_programme, item_id=item)
    await put(kept, "ntf_2", "bounced", **of_programme, item_id=item, recipient_id="per_adviser")
    assert await troubles(kept, manager_id="per_manager") == ["ntf_1", "ntf_2"]
    assert await troubles(kept, manager_id="per_other") == ["ntf_2"]
    async with kept.transaction() as session:
        await session.execute(update(engagements).values(manager_id="per_gone"))
    assert await troubles(kept, manager_id="per_other") == ["ntf_1", "ntf_2"]
    async with kept.reading() as session:
        rows = (await list_troubles(session, NOW, WAIT)).rows
    assert [(row.engagement_id, row.programme_id) for row in rows] == [(None, "network")] * 2
    assert [row.member.name if row.member else "" for row in rows] == ["Cardiff", ""]


async def test_a_manager_sees_addresses_of_own_members_and_the_office(
    kept: Database,
) -> None:
    async with kept.transaction() as session:
        for who in ("con_lead", "per_adviser", "unknown"):
            await suppress(session, NOW, f"{who}@example.org", reason="bounced")
    async with kept.reading() as session:
        for manager, count in (("per_manager", 2), ("per_other", 1)):
            page = await list_suppressions(session, manager_id=manager)
            assert len(page.rows) == count


async def test_a_manager_of_two_programmes_sees_each_in_its_own_list(
    kept: Database,
) -> None:
    """``eng_1`` is of one programme; another member of the same manager is in another one."""
    rows = Rows()
    rows.member("mem_other")
    rows.contact("con_other", "mem_other", lead=True)
    rows.engagement("eng_other", "mem_other", programme_id="other", manager_id="per_manager")
    async with kept.transaction() as session:
        await rows.write(session)
        programme = (
            await session.execute(
                select(engagements.c.programme_id).where(engagements.c.id == "eng_1")
            )
        ).scalar_one()
        for who in ("con_lead", "con_other", "per_adviser"):
            await suppress(session, NOW, f"{who}@example.org", reason="bounced")
    await put(kept, "ntf_1", "bounced")
    await put(
        kept,
        "ntf_2",
        "bounced",
        engagement_id="eng_other",
        item_id="eng_other",
        recipient_id="con_other",
    )
    summary: dict[str, Any] = {"engagement_id": None, "kind": "digest.manager"}
    await put(
        kept,
        "ntf_3",
        "bounced",
        **summary,
        item_id="other.digest.manager",
        recipient_id="per_manager",
    )
    assert await troubles(kept, manager_id="per_manager") == ["ntf_1", "ntf_2", "ntf_3"]
    lists = {programme: ["ntf_1"], "other": ["ntf_2", "ntf_3"]}
    addresses = {programme: {"con_lead", "per_adviser"}, "other": {"con_other", "per_adviser"}}
    for id, expected in lists.items():
        assert await troubles(kept, manager_id="per_manager", programme_id=id) == expected
        async with kept.reading() as session:
            page = await list_suppressions(session, manager_id="per_manager", programme_id=id)
        # Every manager sees an address of the office.
        assert {row.address.partition("@")[0] for row in page.rows} == addresses[id]
