"""A blackout that is stored while an engagement runs holds its emails at once, and lets them go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.digest import DigestDesk
from activities.inputs import DeliverInput, DigestPlan, RedeliverInput
from notifications.delivery.blackouts import released_from_blackouts
from notifications.delivery.ledger import Waiting
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from notifications.senders.protocol import Transient
from programmes.facts import MILEPOST, Notice
from storage.database import Database
from storage.sql import engagements, members, notifications
from tests.activities.test_deliver import attempt
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import database_url as database_url
from tests.notifications.fixtures import on_both
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import IGN, NOW, SETTINGS, Post, record, stored_calendar, task
from tests.notifications.scripted import Scripted
from tests.storage.office import Rows

ELECTION = {"first": "2027-01-11", "last": "2027-02-26", "reason": "Pre-election period"}
AFTER = datetime(2027, 3, 1, 9, tzinfo=UTC)
"""The Monday after it."""
LATE = NOW + timedelta(days=3)
TO_TRIAGE = Notice("research.new", ("manager",), rung="#1", task="triage", revision=1)
RECEIVED = record(
    1,
    Notice("research.received", ("lead",), rung="#1"),
    tasks=(task(),),
    data={"request": "txt_request"},
)


async def store(database: Database, *blackouts: dict[str, str], member: str = "mem_1") -> None:
    async with database.transaction() as session:
        of_it = update(members).where(members.c.id == member)
        await session.execute(of_it.values(blackouts=list(blackouts)))


async def held(post: Post, of: Any = RECEIVED, *, reason: str = "blackout") -> ApplicationError:
    with pytest.raises(ApplicationError, match=reason) as waits:
        await post.deliver(of)
    return waits.value


async def sentences(database: Database) -> Sequence[str]:
    async with database.reading() as session:
        id = (await session.execute(select(notifications.c.id))).scalar_one()
        evidence = await read_evidence(session, id)
    assert evidence is not None
    return explain(evidence).sentences


async def released(database: Database, now: datetime) -> list[Waiting]:
    async with database.reading() as session:
        return await released_from_blackouts(session, now)


@on_both
async def test_an_email_waits_for_the_end_of_a_blackout_and_leaves_once(
    database: Database,
) -> None:
    await store(database, ELECTION)
    post = Post(database)
    await post.write(RECEIVED)
    assert (await held(post)).next_retry_delay == AFTER - NOW
    assert await post.mails() == []
    assert set((await post.states()).values()) == {("reserved", "blackout")}
    after = Post(database, post.sender, lambda: AFTER)
    await after.deliver(RECEIVED)
    await after.deliver(RECEIVED)
    assert [mail.kind for mail in await post.mails()] == ["research.received"]


async def test_an_overlapping_blackout_holds_it_until_the_later_end(database: Database) -> None:
    longer = {"first": "2027-02-15", "last": "2027-03-05", "reason": "Council election"}
    await store(database, ELECTION)
    post = Post(database)
    await post.write(RECEIVED)
    await held(post)
    await store(database, ELECTION, longer)
    again = Post(database, post.sender, lambda: AFTER)
    assert (await held(again)).next_retry_delay == timedelta(days=7)
    assert await post.mails() == []


async def test_the_row_decides_and_not_the_calendar_that_the_engagement_started_with(
    database: Database,
) -> None:
    calendar = stored_calendar() | {"blackouts": [ELECTION]}
    async with database.transaction() as session:
        await session.execute(update(engagements).values(calendar=calendar))
    post = Post(database)
    await post.write(RECEIVED)
    await post.deliver(RECEIVED)
    assert len(await post.mails()) == 1


async def test_an_email_to_the_office_about_that_member_waits_too(database: Database) -> None:
    """As it does in a blackout that the engagement was planned around."""
    await store(database, ELECTION)
    due = task(due_at=AFTER + timedelta(days=9))
    new = record(1, TO_TRIAGE, tasks=(due,), data={"request": "txt_request"})
    post = Post(database)
    await post.write(new)
    await held(post, new)
    await Post(database, post.sender, lambda: AFTER).deliver(new)
    assert [mail.to_email for mail in await post.mails()] == ["per_manager@example.org"]


async def late_for_two_members(database: Database) -> Post:
    """Two emails to the manager, about two members, that should have left three days ago."""
    rows = Rows()
    rows.member("mem_2", name="Glasgow", nation="SCT")
    rows.contact("con_two", "mem_2", lead=True)
    rows.engagement(
        *("eng_2", "mem_2"), programme_id=IGN, manager_id="per_manager", stage="active",
        calendar=stored_calendar(), opened_at=NOW,
    )  # fmt: skip
    async with database.transaction() as session:
        await rows.write(session)
    post = Post(database)
    mine = record(1, TO_TRIAGE, tasks=(task(),), data={"request": "txt_request"})
    other = record(1, TO_TRIAGE, item="itm_2", tasks=(task(),), data={"request": "txt_request"})
    await post.write(mine, replace(other, engagement_id="eng_2"))
    return post


async def test_another_members_email_does_not_carry_one_that_waits(database: Database) -> None:
    """The manager's late emails go as one, but none of them leaves in a blackout."""
    post = await late_for_two_members(database)
    await store(database, ELECTION)
    courier = Post(database, post.sender, lambda: LATE).courier
    await courier.deliver(DeliverInput("eng_2", "itm_2", 1))
    [mail] = await post.mails()
    assert mail.kind == "research.new"
    assert {item: state for (item, _), (state, _) in (await _by_item(database)).items()} == {
        "itm_1": "reserved",
        "itm_2": "accepted",
    }


async def test_an_email_is_not_released_while_it_carries_one_that_waits(
    database: Database,
) -> None:
    """It would be released again each minute, and would wait again each time."""
    await late_for_two_members(database)
    sender = Scripted([Transient("smtp_greeting_421")])
    courier = Post(database, sender, lambda: LATE).courier
    with pytest.raises(ApplicationError, match="smtp_greeting_421"):
        await courier.deliver(DeliverInput("eng_2", "itm_2", 1))
    await store(database, ELECTION)
    with pytest.raises(ApplicationError, match="blackout"):
        await courier.deliver(DeliverInput("eng_2", "itm_2", 1))
    assert await released(database, LATE) == []
    await store(database)
    assert len(await released(database, LATE)) == 1


async def test_an_email_to_the_office_is_released_by_the_days_of_the_office(
    database: Database,
) -> None:
    """Today the member works, the office does not, and tomorrow the blackout begins."""
    calendar = stored_calendar() | {"office": [NOW.date().isoformat()]}
    async with database.transaction() as session:
        await session.execute(update(engagements).values(calendar=calendar))
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    await store(database, ELECTION | {"first": tomorrow})
    post = Post(database)
    due = task(due_at=AFTER + timedelta(days=9))
    new = record(1, TO_TRIAGE, tasks=(due,), data={"request": "txt_request"})
    await post.write(new)
    await held(post, new)
    assert await released(database, NOW) == []


async def _by_item(database: Database) -> dict[tuple[str, str], tuple[str, str]]:
    n = notifications.c
    async with database.reading() as session:
        rows = await session.execute(select(n.item_id, n.recipient_id, n.state, n.reason))
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def test_a_members_summary_waits_as_well(database: Database) -> None:
    await store(database, ELECTION | {"last": "2027-01-13"})
    post = Post(database)
    await post.write(RECEIVED)
    desk = DigestDesk(database, post.sender, SETTINGS, clock=lambda: NOW)
    monday = datetime(2027, 1, 4, 10, tzinfo=UTC)
    ids = await desk.plan_digests(DigestPlan(IGN, "member", monday))
    waits = [await ActivityEnvironment().run(desk.send_digest, id) for id in ids]
    assert waits == [(datetime(2027, 1, 14, 9, tzinfo=UTC) - NOW).total_seconds()] * len(ids)
    assert ids


class TestRemoved:
    async def test_an_email_is_released_once_its_blackout_is_gone(self, database: Database) -> None:
        await store(database, ELECTION)
        post = Post(database)
        await post.write(RECEIVED)
        await held(post)
        assert await released(database, NOW) == []
        await store(database)
        [one] = await released(database, NOW)
        again = RedeliverInput(one.id, one.round + 1, MILEPOST)
        await post.courier.redeliver(again)
        await post.courier.redeliver(again)
        assert await released(database, NOW) == []
        # The attempt that waits since before finds that it has left.
        await Post(database, post.sender, lambda: AFTER).deliver(RECEIVED)
        assert len(await post.mails()) == 1
        assert any("The period without emails" in one for one in await sentences(database))

    async def test_one_that_waits_for_another_blackout_stays(self, database: Database) -> None:
        await store(database, ELECTION)
        post = Post(database)
        await post.write(RECEIVED)
        await held(post)
        await store(database, ELECTION | {"reason": "Council election"})
        assert await released(database, NOW) == []
        assert await released(database, NOW - timedelta(hours=5)) == []


class TestExplained:
    async def test_a_waiting_email_names_the_blackout_and_its_end(self, database: Database) -> None:
        await store(database, ELECTION)
        post = Post(database)
        await post.write(RECEIVED)
        await held(post)
        told = await sentences(database)
        assert "It waits for the end of a period without emails." in told[0]
        [why] = [one for one in told if one.startswith("It was ready")]
        assert "in a period without emails (Pre-election period)" in why
        assert "so it waited until Monday 1 March 2027 at 9:00am" in why
        await Post(database, post.sender, lambda: AFTER).deliver(RECEIVED)
        assert why in await sentences(database)

    async def test_an_email_that_left_before_the_blackout_was_stored_was_not_held(
        self, database: Database
    ) -> None:
        post = Post(database)
        await post.write(RECEIVED)
        await post.deliver(RECEIVED)
        await store(database, ELECTION)
        assert not [one for one in await sentences(database) if "period without" in one]


async def test_a_refusal_after_a_long_blackout_is_its_first(database: Database) -> None:
    """The week after which an email is given up does not begin before the blackout's end."""
    await store(database, ELECTION)
    post = Post(database, Scripted([Transient("smtp_greeting_421")]))
    await post.write(RECEIVED)
    await held(post)
    after = Post(database, post.sender, lambda: AFTER)
    environment = attempt(timedelta())
    with pytest.raises(ApplicationError, match="smtp_greeting_421"):
        await environment.run(after.courier.deliver, DeliverInput("eng_1", "itm_1", 1))
    assert set((await post.states()).values()) == {("claimed", "")}
