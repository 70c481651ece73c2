"""The mailbox page lists emails that wait to leave, and shows each as it will look."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from programmes.facts import Record
from settings import Settings
from storage.database import Database
from temporal.connection import LazyTemporal
from tests.api.conftest import NOWHERE, created
from tests.databases import migrated_sqlite, opened
from tests.notifications.office import DUE_IN_WORDS, SETTINGS, Post, office, record, reminder, task
from tests.web.test_pages import ELSEWHERE, browser
from web.mailbox import A_PAGE

NIGHT = datetime(2027, 1, 11, 22, 30, tzinfo=UTC)
"""A Monday night."""
MORNING = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as database:
        async with database.transaction() as session:
            await office().write(session)
        yield database


def mailbox_at(now: datetime, database: Database) -> httpx.AsyncClient:
    app = created(Settings(database_url="sqlite+aiosqlite://"), database, LazyTemporal(NOWHERE))
    app.state.backend = replace(app.state.backend, now=lambda: now)
    return browser(app)


@pytest.fixture
async def here(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with mailbox_at(NIGHT, database) as client:
        yield client


async def reserved(database: Database, not_before: datetime | None = MORNING) -> Record:
    notice = replace(reminder(), not_before=not_before)
    written = record(1, notice, tasks=(task(),))
    await Post(database, clock=lambda: NIGHT).write(written)
    return written


async def link_to_the_waiting_email(here: httpx.AsyncClient) -> str:
    listed = (await here.get("/mailbox")).text
    return "/mailbox/waiting/" + listed.split('href="/mailbox/waiting/')[1].split('"')[0]


async def test_a_waiting_email_is_listed_with_its_time_and_the_reason(
    database: Database, here: httpx.AsyncClient
) -> None:
    await reserved(database)
    listed = (await here.get("/mailbox")).text
    assert "Mair Evans" in listed
    assert "It is outside the sending hours" in listed
    assert f'datetime="{MORNING.isoformat()}"' in listed


async def test_all_that_wait_can_be_reached_page_by_page(
    database: Database, here: httpx.AsyncClient
) -> None:
    for number in range(1, A_PAGE + 2):
        notice = replace(reminder(revision=number), not_before=MORNING)
        written = record(number, notice, tasks=(task(),))
        await Post(database, clock=lambda: NIGHT).write(written)
    first = (await here.get("/mailbox")).text
    [further] = re.findall(r'href="(/mailbox\?waiting=\d+)"', first)
    second = (await here.get(further)).text
    links = [re.findall(r'href="/mailbox/waiting/([^"]+)"', page) for page in (first, second)]
    assert [len(found) for found in links] == [A_PAGE, 1]
    assert len({*links[0], *links[1]}) == A_PAGE + 1
    assert "/mailbox?waiting=" not in second


@pytest.mark.parametrize("skip", ["-1", "x", "100001"])
async def test_a_page_that_cannot_be_is_refused(here: httpx.AsyncClient, skip: str) -> None:
    assert (await here.get(f"/mailbox?waiting={skip}")).status_code == 422


async def test_a_weekend_is_named_as_the_reason(database: Database) -> None:
    await reserved(database, not_before=None)
    saturday = NIGHT + timedelta(days=5)
    async with mailbox_at(saturday, database) as there:
        assert "It is the weekend" in (await there.get("/mailbox")).text


async def test_a_waiting_email_is_shown_as_it_will_look(
    database: Database, here: httpx.AsyncClient
) -> None:
    written = await reserved(database)
    link = await link_to_the_waiting_email(here)
    shown, frame = await here.get(link), await here.get(f"{link}/html")
    assert shown.status_code == frame.status_code == 200
    post = Post(database, clock=lambda: MORNING + timedelta(hours=1))
    await post.deliver(written)
    [sent] = await post.mails()
    assert DUE_IN_WORDS in sent.text
    assert sent.subject in unescape(shown.text)
    assert here_linked(sent.text) in unescape(shown.text)
    assert here_linked(sent.html) == frame.text


async def test_no_other_reader_sees_a_waiting_email(
    database: Database, here: httpx.AsyncClient
) -> None:
    await reserved(database)
    link = await link_to_the_waiting_email(here)
    app = created(Settings(database_url="sqlite+aiosqlite://"), database, LazyTemporal(NOWHERE))
    async with browser(app, client=ELSEWHERE) as stranger:
        for path in (link, f"{link}/html"):
            answer = await stranger.get(path)
            assert answer.status_code == 404
            assert "Mair" not in answer.text


def here_linked(written: str) -> str:
    """The email with the address of this office in its links."""
    return written.replace(SETTINGS.public_url, Settings().public_url)


async def test_looking_changes_nothing(database: Database, here: httpx.AsyncClient) -> None:
    await reserved(database)
    await here.get(await link_to_the_waiting_email(here))
    states = await Post(database).states()
    assert set(states.values()) == {("reserved", "")}


async def test_an_email_that_will_be_withheld_says_why(
    database: Database, here: httpx.AsyncClient
) -> None:
    await reserved(database)
    link = await link_to_the_waiting_email(here)
    await Post(database, clock=lambda: NIGHT).write(record(2, tasks=(), stage="scope"))
    shown = (await here.get(link)).text
    assert "this email will not be sent" in shown


@pytest.mark.parametrize("id", ["ntf_unknown", "%00", "x" * 300])
async def test_an_unknown_waiting_email_is_not_found(here: httpx.AsyncClient, id: str) -> None:
    assert (await here.get(f"/mailbox/waiting/{id}")).status_code == 404
