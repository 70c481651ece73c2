"""Emails withheld for a corrected address are sent, even if something breaks in between."""

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs
from temporalio.client import Client

from services.backend import Backend
from services.office import edit_contact
from services.permissions import Actor
from services.releasing import Releaser
from storage.database import Database
from storage.master.suppressions import suppress
from storage.queries.members import show_member
from storage.sql import engagements, mailbox, notifications
from temporal.connection import Temporal, TemporalDown
from tests.api.live import Live
from tests.api.live import live as live
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CALENDAR, CARDIFF
from tests.servers import Connected
from tests.storage.office import NOW

MANAGER = Actor("per_manager", "manager")
NEW = "lea.new@example.org"


class GoesAway:
    """Temporal, which answers so often and then is gone."""

    def __init__(self, connected: Temporal, answers: int) -> None:
        self._connected = connected
        self._answers = answers

    async def client(self) -> Client:
        """The client, as long as it answers."""
        if not self._answers:
            raise TemporalDown
        self._answers -= 1
        return await self._connected.client()


async def withhold(database: Database) -> None:
    """An email is withheld, since its recipient's address bounced."""
    async with database.transaction() as session:
        # The worker's clock is the real one, and it may be night.
        calendar = {**CALENDAR, "always_open": True}
        await session.execute(update(engagements).values(calendar=calendar))
        await session.execute(
            update(notifications)
            .where(notifications.c.id == CARDIFF.notification)
            .values(state="withheld", reason="suppressed", recipient_id="con_lead")
        )
        await suppress(session, NOW, "con_lead@example.org", reason="bounced")


async def sent_to(live: Live) -> list[str]:
    """Where the email went, once it is dealt with."""
    one = f"/notifications/{CARDIFF.notification}"
    await live.until("manager", one, lambda read: read["state"] == "accepted")
    async with live.database.reading() as session:
        query = select(mailbox.c.to_email).where(mailbox.c.notification_id == CARDIFF.notification)
        return list((await session.execute(query)).scalars())


@pytest.mark.dev_server
async def test_where_temporal_goes_away_after_the_change_the_next_look_lets_it_go(
    live: Live, database: Database
) -> None:
    await withhold(database)
    connected = Connected(live.client)
    # It answers before the change, and not after it.
    failing = Backend(database, GoesAway(connected, answers=1), live.settings)
    with capture_logs() as logs:
        await edit_contact(failing, MANAGER, CARDIFF.member, CARDIFF.contact, email=NEW)
    assert [entry["event"] for entry in logs] == ["release_waits"]
    assert NEW not in str(logs)
    async with database.reading() as session:
        member = await show_member(session, CARDIFF.member)
    assert member is not None
    assert NEW in [contact.email for contact in member.contacts]
    assert (await live.get("manager", f"/notifications/{CARDIFF.notification}"))["round"] == 0
    assert await Releaser(failing).look() == 0
    releaser = Releaser(Backend(database, connected, live.settings))
    assert await releaser.look() == 1
    assert await sent_to(live) == [NEW]
    assert await releaser.look() == 0


@pytest.mark.dev_server
async def test_so_does_the_commands_repeat(live: Live, database: Database) -> None:
    await withhold(database)
    connected = Connected(live.client)
    for answers in (1, 9):
        backend = Backend(database, GoesAway(connected, answers), live.settings)
        await edit_contact(backend, MANAGER, CARDIFF.member, CARDIFF.contact, email=NEW)
    assert await sent_to(live) == [NEW]


@pytest.mark.dev_server
async def test_an_office_that_starts_looks_at_once(live: Live, database: Database) -> None:
    await withhold(database)
    gone = Backend(database, GoesAway(Connected(live.client), answers=1), live.settings)
    await edit_contact(gone, MANAGER, CARDIFF.member, CARDIFF.contact, email=NEW)
    async with live.app.router.lifespan_context(live.app):
        assert await sent_to(live) == [NEW]
