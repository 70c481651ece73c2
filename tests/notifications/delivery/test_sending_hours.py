"""Members' contacts get emails on the member's working days, the office on its own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from notifications.senders.protocol import Transient
from programmes.calendar import calendar_as_json
from programmes.facts import Notice
from programmes.holidays import calendar_for
from storage.database import Database
from storage.sql import engagements, members, notifications
from tests.notifications.office import Post, definition, record, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

EASTER_MONDAY = datetime(2027, 3, 29, 9, 0, tzinfo=UTC)
"""A working day in Scotland, and a day off in England."""
ST_ANDREW = datetime(2027, 11, 30, 10, 0, tzinfo=UTC)
"""The other way round."""
BOTH = record(
    1,
    Notice("research.new", ("manager",), rung="#1", task="triage", revision=1),
    Notice("research.received", ("lead",), rung="#1"),
    tasks=(task(due_at=datetime(2027, 12, 20, 17, tzinfo=UTC)),),
    data={"request": "txt_request"},
)


async def in_scotland(database: Database, *, knows_the_office: bool = True) -> None:
    calendar = calendar_for(
        definition(), "SCT", first=date(2026, 1, 1), last=date(2029, 12, 31), stagger=""
    )
    stored: dict[str, Any] = calendar_as_json(calendar)
    if not knows_the_office:
        # As it was stored before calendars knew.
        del stored["office"]
    async with database.transaction() as session:
        await session.execute(update(engagements).values(calendar=stored))
        await session.execute(update(members).values(nation="SCT"))


class TestWhoseDay:
    @pytest.mark.parametrize("knows_the_office", [True, False])
    @pytest.mark.parametrize(
        ("now", "told", "waits", "until"),
        [
            (EASTER_MONDAY, "con_lead", "per_manager", datetime(2027, 3, 30, 8, tzinfo=UTC)),
            (ST_ANDREW, "per_manager", "con_lead", datetime(2027, 12, 1, 9, tzinfo=UTC)),
        ],
    )
    async def test_each_hears_on_a_working_day_of_their_own(
        self,
        database: Database,
        now: datetime,
        told: str,
        waits: str,
        until: datetime,
        knows_the_office: bool,
    ) -> None:
        await in_scotland(database, knows_the_office=knows_the_office)
        post = Post(database, clock=lambda: now)
        await post.write(BOTH)
        with pytest.raises(ApplicationError, match="1 of 2 emails have to wait: outside") as held:
            await post.deliver(BOTH)
        assert held.value.next_retry_delay == until - now
        assert [mail.to_email for mail in await post.mails()] == [f"{told}@example.org"]
        assert {who: state for (_, who), (state, _) in (await post.states()).items()} == {
            told: "accepted",
            waits: "reserved",
        }
        late = Post(database, post.sender, lambda: until)
        await late.deliver(BOTH)
        assert len(await post.mails()) == 2

    async def test_an_email_that_waits_for_its_day_does_not_delay_others(
        self, database: Database
    ) -> None:
        await in_scotland(database)
        busy = Scripted([Transient("busy", timedelta(minutes=1))])
        post = Post(database, busy, lambda: EASTER_MONDAY)
        await post.write(BOTH)
        with pytest.raises(ApplicationError, match="2 of 2") as held:
            await post.deliver(BOTH)
        assert held.value.next_retry_delay == timedelta(minutes=1)

    async def test_the_explanation_uses_the_recipients_calendar(self, database: Database) -> None:
        await in_scotland(database)
        post = Post(database, clock=lambda: ST_ANDREW)
        await post.write(BOTH)
        said = {}
        async with database.reading() as session:
            for row in await session.execute(notifications.select()):
                evidence = await read_evidence(session, row.id)
                assert evidence is not None
                said[row.recipient_id] = " ".join(explain(evidence).sentences)
        assert "on working days in England" in said["per_manager"]
        assert "on working days in Scotland" in said["con_lead"]
