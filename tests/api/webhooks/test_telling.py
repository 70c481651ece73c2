"""A reply by email reaches the manager of the item, even when Temporal was away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from notifications.inbound.address import ReplyAddresses
from services.reply_notices import Teller
from storage.database import Database
from storage.inbound import untold
from storage.sql import inbound_messages, notifications
from temporal.connection import LazyTemporal
from tests.api.conftest import NOWHERE
from tests.api.live import Live, at_work
from tests.api.live import temporal_address as temporal_address
from tests.api.webhooks.test_inbound import DOMAIN, SECRET, email, post

pytestmark = pytest.mark.dev_server


@pytest.fixture
async def live(temporal_address: str, database: Database, tmp_path: Path) -> AsyncIterator[Live]:
    async with at_work(
        temporal_address, database, tmp_path, inbound_secret=SECRET, inbound_domain=DOMAIN
    ) as live:
        yield live


async def asked(live: Live, engagement_id: str) -> str:
    """The address to answer the member's first email about an item to."""
    c = notifications.c
    query = select(c.id).where(
        c.engagement_id == engagement_id, c.item_id != engagement_id, c.state == "accepted"
    )
    async with asyncio.timeout(100):
        while True:
            async with live.database.reading() as session:
                found = (await session.execute(query.order_by(c.reserved_at))).scalars().first()
            if found:
                return ReplyAddresses(SECRET, DOMAIN).address(found)
            await asyncio.sleep(0.05)


async def mails(live: Live) -> list[str]:
    read = await live.get("manager", "/mailbox?limit=200")
    return [f"{mail['to_name']}: {mail['subject']}" for mail in read["items"]]


async def answer(live: Live, address: str) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(live.app), base_url="http://testserver"
    ) as client:
        return await post(client, email(address, **{"from": "Lea <lea@example.org>"}))


async def told(live: Live) -> None:
    async with asyncio.timeout(100):
        while not any(  # noqa: ASYNC110
            "Lea Lead has replied by email" in one for one in await mails(live)
        ):
            await asyncio.sleep(0.05)


async def test_an_answer_is_told_by_email(live: Live) -> None:
    address = await asked(live, await live.onboarded())
    assert (await answer(live, address)).json()["state"] == "taken"
    await told(live)
    async with live.database.reading() as session:
        assert await untold(session) == ()
        told_at = (await session.execute(select(inbound_messages.c.told_at))).scalar_one()
    assert told_at is not None


async def test_while_temporal_is_away_it_is_taken_and_told_later(live: Live) -> None:
    address = await asked(live, await live.onboarded())
    backend = live.app.state.backend
    away = Teller(backend.__class__(backend.database, LazyTemporal(NOWHERE), backend.settings))
    live.app.state.teller, back = away, live.app.state.teller
    assert (await answer(live, address)).json()["state"] == "taken"
    assert await away.tell_all() is True
    async with live.database.reading() as session:
        assert len(await untold(session)) == 1
    async with back.at_work():
        await told(live)
    assert await back.tell_all() is False
    assert (await answer(live, address)).json()["state"] == "repeated"
