"""Complaint 4: reminders are silently not sent, because what sends them missed its day."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from embedded.temporal_server import DevServer
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Transient
from programmes.calendar import WorkingCalendar
from settings import Settings
from storage.database import Database, utc_now
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite, opened
from tests.durability.acts import onboarding_of, until_open
from tests.durability.pace import TOUR, reminding_rules, settle
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import temporal_cli
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import calendar
from worker import build_workers
from workflows.messages import CompleteStep

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

SOON, EVENING, DUE = 1, 6, 11
"""Seconds after its task was opened that a reminder falls due: one before the outage, two in it."""

RUNG = "step:hello/early"


class MailServer:
    """A mailbox behind a mail server that is away at times."""

    name = "away at times"

    def __init__(self, database: Database) -> None:
        self._mailbox = Mailbox(database, utc_now)
        self.away = False
        self.refused: list[str] = []

    async def send(self, email: Email) -> Accepted:
        if self.away:
            self.refused.append(email.kind)
            raise Transient("down", timedelta(seconds=1))
        return await self._mailbox.send(email)

    async def recall(self, notification_id: str) -> Accepted | None:
        return await self._mailbox.recall(notification_id)

    async def close(self) -> None:
        await self._mailbox.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as database:
        yield database


async def test_complaint_4_what_fell_due_while_all_was_down_goes_once_by_day_if_still_true(
    database: Database, tmp_path: Path
) -> None:
    """frappe#22557. Server and workers are down for as long as reminders fall due. Then what is
    still true goes out, once. What would leave after hours waits for the morning. What had waited
    for the mail server and is done by now is withheld. Each says so on its record."""
    server = DevServer(
        temporal_cli(), database=tmp_path / "temporal.db", search_attributes=ATTRIBUTES
    )
    mail = MailServer(database)
    try:
        office = await _open(server, database)
        async with _milepost(office, mail):
            mail.away = True
            stale = await _begin(office, 1, SOON)
            await until(lambda: _tried(mail), "a reminder waits for the mail server")
            true = await _begin(office, 2, DUE)
            evening = _closes_in(DUE)
            late = await _begin(office, 3, EVENING, calendar=evening)
        server.kill()
        assert await _facts(true, "rung.fired") == [], "it went down in time"
        await until(lambda: _has_closed(evening), "all is due, and one has closed for the day")
        back_at = datetime.now(UTC)
        await _come_back(server)
        # The member's click is the first thing that arrives, before any worker runs.
        clicked = asyncio.create_task(
            stale.item_command("onboarding", onboarding_of(stale), CompleteStep(_lead(1), "hello"))
        )
        async with _milepost(office, mail):
            await clicked
            mail.away = False
            await until(lambda: _decided(true, stale, late), "everything is decided")

        [sent] = [one for one in await office.mails() if one.rung == RUNG]
        assert (sent.recipient, sent.at > back_at) == (_lead(2), True)
        assert [fact["rung"] for fact in await _facts(true, "rung.fired")] == ["early"]
        [withheld] = await _reminders(stale)
        assert (withheld["state"], withheld["reason"]) == ("withheld", "done")
        assert await _reminders(late) == []
        [deferred] = await _facts(late, "rung.deferred")
        morning = datetime.fromisoformat(deferred["to"])
        assert evening.next_send_instant(morning) == morning
        assert evening.local_date(morning) > evening.local_date(back_at)
    finally:
        server.kill()


async def _open(server: DevServer, database: Database) -> Office:
    await _come_back(server)
    client = await Client.connect(server.address, data_converter=DATA_CONVERTER)
    settings = Settings(
        database_url=str(database.url), task_queue=f"down-{uuid.uuid4().hex}", delivery_rate=1000
    )
    office = Office(client, database, settings)
    await office.furnish(programme=TOUR)
    return office


async def _come_back(server: DevServer) -> None:
    server.start()
    await asyncio.to_thread(server.wait_ready)


@asynccontextmanager
async def _milepost(office: Office, mail: MailServer) -> AsyncIterator[None]:
    """Workers run within this block only."""
    deciding, delivering = build_workers(office.client, office.database, mail, office.settings)
    async with deciding, delivering:
        yield


async def _begin(office: Office, number: int, seconds: int, **changes: Any) -> Engaged:
    """One more council, whose first step is reminded of after so many seconds."""
    given = {"rules": reminding_rules(seconds), "calendar": calendar("ENG", TOUR), **changes}
    engaged = await office.start(replace(await settle(office, number), **given))
    await until_open(engaged, "onboarding")
    return engaged


def _lead(number: int) -> str:
    return f"con_lead_{number}"


def _closes_in(seconds: int) -> WorkingCalendar:
    """A calendar by which it is about noon: the office opens now, and its sending window closes so
    soon."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12)
    return WorkingCalendar(
        # POSIX has it the other way round: Etc/GMT+5 is five hours behind.
        zone=f"Etc/GMT{now.hour - 12:+d}",
        working_weekdays=tuple(range(7)),
        opens=noon.time(),
        closes=time(23, 59),
        send_from=time(0),
        send_until=(noon + timedelta(seconds=seconds)).time(),
        non_working=(),
    )


async def _has_closed(evening: WorkingCalendar) -> bool:
    now = datetime.now(UTC)
    return evening.next_send_instant(now) != now


async def _tried(mail: MailServer) -> bool:
    return "onboarding.reminder" in mail.refused


async def _decided(true: Engaged, stale: Engaged, late: Engaged) -> bool:
    """Whether each engagement has come to its end or its wait."""
    states = [row["state"] for each in (true, stale) for row in await _reminders(each)]
    settled = len(states) == 2 and not {"reserved", "claimed"} & set(states)
    return settled and bool(await _facts(late, "rung.deferred"))


async def _reminders(engaged: Engaged) -> list[dict[str, object]]:
    rows = await engaged.rows("notifications")
    return [row for row in rows if row["rung"] == RUNG]


async def _facts(engaged: Engaged, kind: str) -> list[dict[str, str]]:
    rows = await engaged.rows("events")
    return [row["data"] for row in rows if row["kind"] == kind]  # type: ignore[misc]
