"""The board with few members and with many: right in its totals, the worst first over all pages."""

import re
from collections.abc import AsyncIterator, Mapping
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from storage.database import Database
from storage.sql import engagements
from storage.starting import PENDING
from tests.api.crowd import many
from tests.databases import count_statements
from tests.storage.office import NOW, days
from tests.web.test_pages import browser, checked

STUCK = {"soon_at": days(-30), "due_at": days(-20), "stuck_at": days(-5)}
OVERDUE = {"soon_at": days(-5), "due_at": days(-1), "stuck_at": days(10)}
ENDED = {"closed_at": NOW, "stage": "completed", "soon_at": None, "due_at": None, "stuck_at": None}


@pytest.fixture
async def here(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


async def put(database: Database, values: Mapping[str, object], *ids: str) -> None:
    """Let these engagements stand so."""
    async with database.transaction() as session:
        those = update(engagements).where(engagements.c.id.in_(ids))
        await session.execute(those.values(values))


def totals(text: str) -> dict[str, int]:
    """The number behind each heading."""
    found = re.findall(r'<li[^>]*><a href="[^"]*"[^>]*>([^<]+) <b>([\d,]+)</b></a></li>', text)
    return {label: int(number.replace(",", "")) for label, number in found}


def ids(text: str) -> list[str]:
    """The engagements of the table, in its order."""
    return re.findall(r'<th scope="row"><a href="/go/engagements/([^"]+)">', text)


def link(text: str, words: str) -> str:
    """Where the link leads that begins with these words."""
    found = re.search(rf'<a [^>]*href="([^"]*)"[^>]*>{words}', text)
    assert found is not None, words
    return unescape(found[1])


@pytest.mark.parametrize("count", [8, 248, 9_998])
async def test_the_totals_are_the_whole_offices_and_the_worst_stand_on_the_first_page(
    count: int, here: httpx.AsyncClient, database: Database
) -> None:
    await many(database, count)
    last, before = f"eng_n{count - 1:05}", f"eng_n{count - 2:05}"
    await put(database, STUCK, last)
    await put(database, OVERDUE, before)
    await put(database, ENDED, "eng_n00000", "eng_n00001", "eng_n00002")
    text = (await here.get("/")).text
    whole = count + 2
    assert totals(text) == {
        "All": whole,
        "Stuck": 1,
        "Overdue": 1,
        "Due soon": 0,
        "On track": whole - 5,
        "Ended": 3,
    }
    assert ids(text)[:2] == [last, before]
    assert len(ids(text)) == min(whole, 100)


async def test_the_pages_have_each_engagement_once_under_the_same_totals(
    here: httpx.AsyncClient, database: Database
) -> None:
    await many(database, 248)
    await put(database, ENDED, "eng_1", "eng_n00000")
    await put(database, STUCK, "eng_n00247")
    text = (await here.get("/")).text
    expected, met = totals(text), ids(text)
    assert "100 of 250 engagements, the worst first" in text
    assert "Back to the first page" not in text
    while "Next page" in text:
        text = (await here.get(link(text, "Next page"))).text
        assert totals(text) == expected
        assert link(text, "Back to the first page") == "/"
        met += ids(text)
    assert len(met) == len(set(met)) == 250
    assert set(met[-2:]) == {"eng_1", "eng_n00000"}


async def test_each_total_leads_to_those_that_it_counts(
    here: httpx.AsyncClient, database: Database
) -> None:
    await many(database, 248)
    await put(database, STUCK, "eng_n00200", "eng_n00100")
    await put(database, ENDED, "eng_n00007")
    text = (await here.get("/")).text
    stuck = (await here.get(link(text, "Stuck"))).text
    assert ids(stuck) == ["eng_n00100", "eng_n00200"]
    assert "2 engagements (stuck)" in stuck
    assert totals(stuck) == totals(text)
    ended = (await here.get(link(stuck, "Ended"))).text
    assert ids(ended) == ["eng_n00007"]
    on_track = (await here.get(link(ended, "On track"))).text
    assert len(ids(on_track)) == 100
    further = (await here.get(link(on_track, "Next page"))).text
    assert not set(ids(further)) & {*ids(on_track), "eng_n00007"}
    assert link(further, "Back to the first page") == link(further, "On track")
    none = (await here.get(link(text, "Overdue"))).text
    assert "There is no engagement under “Overdue”." in none


async def test_a_name_finds_its_engagements_and_their_totals(
    here: httpx.AsyncClient, database: Database
) -> None:
    await many(database, 8)
    await put(database, STUCK, "eng_n00003")
    found = (await here.get("/", params={"q": " council "})).text
    assert totals(found)["All"] == len(ids(found)) == 8
    stuck = (await here.get(link(found, "Stuck"))).text
    assert ids(stuck) == ["eng_n00003"]
    assert link(stuck, "Show all again") == "/?health=stuck"
    field = checked(stuck).named("input")[0]
    assert (field["name"], field["value"]) == ("q", "council")
    none = await here.get("/", params={"q": '"><script>&'})
    assert "<script" not in none.text
    assert "There is no engagement with “" in none.text
    assert "form-action 'self'" in none.headers["Content-Security-Policy"]


async def test_an_office_without_engagements_says_how_to_start_one(
    here: httpx.AsyncClient, database: Database
) -> None:
    await put(database, {"stage": PENDING}, "eng_1", "eng_2")
    text = (await here.get("/")).text
    assert "No engagement has started yet." in text
    assert not totals(text)


async def test_it_costs_as_many_statements_with_10_as_with_10000(
    here: httpx.AsyncClient, database: Database
) -> None:
    await here.get("/")  # the definition is read once a process
    for first, count in ((0, 8), (8, 9_998)):
        await many(database, count, first)
        for path in ("/", "/?health=on_track&q=council"):
            with count_statements(database) as seen:
                assert (await here.get(path)).status_code == 200
            assert len(seen) == 3, path
