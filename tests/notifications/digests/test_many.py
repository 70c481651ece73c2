"""Summaries of 10,000 recipients are reserved page by page, on both databases, in flat memory."""

import tracemalloc
from datetime import UTC, datetime, timedelta

from notifications.digests.planning import Page, reserve_digests
from storage.database import Database, insert_or_ignore
from storage.sql import contacts, notifications
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.fixtures import on_both
from tests.notifications.office import NOW, definition

FIRST_WEEK = datetime(2027, 1, 4, 10, tzinfo=UTC)
"""Every contact gets the summary of a month in its first week."""
RECIPIENTS = 10_000
PAGE = 500
FLAT = 12 << 20
"""Bytes that one page may take at most, wherever in the list it is."""


async def add_contacts(database: Database, number: int) -> list[str]:
    rows = [
        {
            "id": f"con_{n:05}",
            "member_id": "mem_1",
            "name": f"Contact {n}",
            "email": f"contact{n}@example.org",
            "lead": False,
            "active": True,
            "created_at": NOW,
        }
        for n in range(number)
    ]
    async with database.transaction() as session:
        await insert_or_ignore(session, contacts, rows)
    return [str(row["id"]) for row in rows]


async def pages(database: Database, limit: int = PAGE, *, unsent: bool = False) -> list[list[str]]:
    """The pages of a run, each in a transaction of its own."""
    found: list[list[str]] = [[]]
    while len(found) == 1 or len(found[-1]) == limit:
        page = Page(found[-1][-1] if found[-1] else "", limit, unsent)
        async with database.transaction() as session:
            ids = await reserve_digests(session, definition(), "member", FIRST_WEEK, NOW, page)
        found.append(ids)
    return found[1:]


async def recipients(database: Database) -> dict[str, str]:
    n = notifications.c
    async with database.reading() as session:
        rows = await session.execute(notifications.select().where(n.kind == "digest.member"))
        return {row.recipient_id: row.id for row in rows}


@on_both
async def test_ten_thousand_recipients_are_reserved_in_flat_memory(database: Database) -> None:
    ids = await add_contacts(database, RECIPIENTS)
    found: list[str] = []
    taken: list[int] = []
    after = ""
    while True:
        page, memory = await _measured(database, Page(after, PAGE), measure=len(found) % 4_500 == 0)
        found += page
        taken += memory
        if len(page) < PAGE:
            break
        after = page[-1]
    stored = await recipients(database)
    assert set(stored) == {*ids, "con_lead", "con_second"}
    assert sorted(found) == sorted(stored.values())
    # At the begin, in the middle and near the end.
    assert len(taken) == 3
    assert max(taken) < FLAT, f"{max(taken):,} bytes"


async def _measured(
    database: Database, page: Page, *, measure: bool
) -> tuple[list[str], list[int]]:
    """The ids of a page; and the most memory that it took, if that is to be measured: tracing is
    slow."""
    parsed = definition()
    if measure:
        tracemalloc.start()
    try:
        async with database.transaction() as session:
            ids = await reserve_digests(session, parsed, "member", FIRST_WEEK, NOW, page)
        return ids, [tracemalloc.get_traced_memory()[1]] if measure else []
    finally:
        tracemalloc.stop()


async def test_a_page_is_full_although_some_get_no_summary(database: Database) -> None:
    """A short page would end the run."""
    ids = await add_contacts(database, 10)
    for id in ids[:7]:
        await choose(database, id, digests=False)
    found = await pages(database, limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert set(await recipients(database)) == {*ids[7:], "con_lead", "con_second"}


async def test_a_later_round_finds_those_that_have_not_left(database: Database) -> None:
    await add_contacts(database, 5)
    first = [id for page in await pages(database, limit=3) for id in page]
    async with database.transaction() as session:
        n = notifications.c
        sent = notifications.update().where(n.id.in_(first[1:5]))
        await session.execute(sent.values(state="accepted"))
        waits = notifications.update().where(n.id == first[-1])
        await session.execute(waits.values(waits_until=NOW + timedelta(days=2)))
    again = [id for page in await pages(database, limit=3, unsent=True) for id in page]
    assert again == [first[0], *first[5:-1]]
