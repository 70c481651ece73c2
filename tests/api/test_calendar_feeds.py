"""A calendar at its secret address: for programs that can send no token."""

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from icalendar import Calendar
from sqlalchemy import select, update

from services.permissions import Role
from storage.database import Database
from storage.sql import calendar_feeds, contacts, events
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, GLASGOW

OFFICE = "http://127.0.0.1:8400"
OWN = "/api/v1/me/calendar-feed"
CONTACT = f"/api/v1/members/{CARDIFF.member}/contacts/{CARDIFF.contact}/calendar-feed"
PERSON = "/api/v1/people/per_adviser/calendar-feed"


async def made(calling: Caller, role: Role = "member", path: str = OWN) -> str:
    """The path of a new address."""
    answer = await calling(role).put(path)
    assert answer.status_code == 200, answer.text
    address: str = answer.json()["address"]
    assert address.startswith(f"{OFFICE}/calendars/mp_cal_")
    return address.removeprefix(OFFICE)


async def fetched(calling: Caller, path: str, **headers: str) -> httpx.Response:
    """What a calendar program without any token gets."""
    return await calling(None).get(path, headers=headers)


async def test_it_is_the_same_calendar_as_with_a_token(calling: Caller) -> None:
    feed = await fetched(calling, await made(calling))
    with_token = await calling("member").get("/api/v1/me/calendar.ics")
    assert feed.status_code == 200
    assert feed.headers["content-type"].startswith("text/calendar")
    assert feed.content == with_token.content
    calendar: Any = Calendar.from_ical(feed.content)
    assert len(calendar.walk("VEVENT")) == 3


async def test_it_is_not_sent_twice_nor_kept_nor_found_by_search_engines(calling: Caller) -> None:
    path = await made(calling)
    first = await fetched(calling, path)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["x-robots-tag"] == "noindex, nofollow"
    assert first.headers["referrer-policy"] == "no-referrer"
    again = await fetched(calling, path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await calling(None).head(path)).status_code == 200


async def test_a_new_address_ends_the_one_before(calling: Caller) -> None:
    old, new = await made(calling), await made(calling)
    assert (await fetched(calling, old)).status_code == 404
    assert (await fetched(calling, new)).status_code == 200


@pytest.mark.parametrize(
    ("role", "path", "by"),
    [
        ("member", OWN, OWN),
        ("manager", CONTACT, CONTACT),
        ("member", OWN, CONTACT),
        ("adviser", OWN, PERSON),
    ],
)
async def test_its_owner_or_a_manager_ends_it(
    calling: Caller, role: Role, path: str, by: str
) -> None:
    address = await made(calling, role, path)
    ender: Role = "member" if by == OWN else "manager"
    assert (await calling(ender).delete(by)).json() == {"made_at": None}
    gone = await fetched(calling, address)
    assert gone.status_code == 404
    assert gone.json()["type"] == "/problems/not-found"
    assert (await calling(ender).delete(by)).status_code == 200, "a repeat is no error"


async def test_it_belongs_to_its_holder_and_not_to_its_maker(calling: Caller) -> None:
    feed = await fetched(calling, await made(calling, "manager", PERSON))
    assert feed.content == (await calling("adviser").get("/api/v1/me/calendar.ics")).content


async def test_a_person_who_has_left_has_no_calendar(calling: Caller, database: Database) -> None:
    path = await made(calling)
    async with database.transaction() as session:
        await session.execute(
            update(contacts).where(contacts.c.id == CARDIFF.contact).values(active=False)
        )
    assert (await fetched(calling, path)).status_code == 404


@pytest.mark.parametrize(
    "secret", ["", "x", "mp_member_token", "mp_cal_" + "A" * 43, "..%2Fapi", "mp_cal_" + "é" * 43]
)
async def test_what_was_never_given_out_is_not_there(calling: Caller, secret: str) -> None:
    assert (await fetched(calling, f"/calendars/{secret}.ics")).status_code == 404


async def test_it_opens_nothing_but_the_calendar(calling: Caller) -> None:
    secret = (await made(calling)).rpartition("/")[2].removesuffix(".ics")
    answer = await calling(None).get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401


async def test_a_contact_of_another_member_is_not_found_under_this_one(calling: Caller) -> None:
    path = f"/api/v1/members/{CARDIFF.member}/contacts/{GLASGOW.contact}/calendar-feed"
    assert (await calling("manager").put(path)).status_code == 404


async def test_the_secret_is_stored_and_logged_nowhere(
    calling: Caller, app: FastAPI, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = await made(calling)
        await fetched(calling, path)
    secret = path.rpartition("/")[2].removesuffix(".ics")
    # The client of this test writes its own lines about what it asks for.
    ours = [line.getMessage() for line in caplog.records if not line.name.startswith("http")]
    assert secret not in "\n".join(ours)
    assert any(line.startswith("GET /calendars/ 200") for line in ours)
    async with database.reading() as session:
        rows = list(await session.execute(select(calendar_feeds)))
        told = list(await session.execute(select(events).where(events.c.item_id == "con_lead")))
    assert secret not in repr(rows)
    assert secret not in repr(told)
    assert "calendar_feed.made" in {row.kind for row in told}
    shown = (await calling("member").get(OWN)).json()
    assert set(shown) == {"made_at"}
    assert shown["made_at"]
