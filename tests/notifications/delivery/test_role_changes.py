"""A notice without a recipient is sent once its role has a holder, if still true."""

import pytest
from sqlalchemy import select, update

from activities.inputs import RedeliverInput
from notifications.delivery.ledger import Waiting
from notifications.delivery.reassignment import sendable_now
from notifications.delivery.resolving import UserDecision, settle
from programmes.facts import MILEPOST, Notice
from storage.database import Database
from storage.master import add_contact, assign_team, update_person
from storage.master.checks import NewContact
from storage.queries.timeline import timeline
from storage.sql import contacts, engagements, notifications
from tests.notifications.delivery.test_successors import leave
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.storage.fixtures import database_url as database_url

KIND = "research.reminder"
RECEIVED = Notice("research.received", ("lead",))


@pytest.fixture
async def post(database: Database) -> Post:
    """The engagement has no manager and no adviser."""
    async with database.transaction() as session:
        await session.execute(update(engagements).values(manager_id=None, adviser_id=None))
    return Post(database)


async def now_heard(post: Post) -> list[Waiting]:
    async with post.database.reading() as session:
        return await sendable_now(session)


async def released(post: Post) -> int:
    """Send the notices that have a recipient now; returns their number."""
    waiting = await now_heard(post)
    for one in waiting:
        await post.courier.redeliver(RedeliverInput(one.id, one.round + 1, MILEPOST))
    return len(waiting)


async def assign(post: Post, person: str = "per_manager") -> None:
    async with post.database.transaction() as session:
        await assign_team(session, MILEPOST, NOW, "eng_1", manager_id=person)


async def test_it_is_sent_once_the_role_has_a_holder(post: Post) -> None:
    await post.write(record(1, reminder(), tasks=(task(),)))
    assert await released(post) == 0
    await assign(post)
    assert await released(post) == 1
    assert [mail.to_email for mail in await post.mails()] == ["per_manager@example.org"]
    assert await post.states() == {
        (KIND, "nobody"): ("withheld", "role_passed"),
        (KIND, "per_manager"): ("accepted", ""),
    }
    assert await released(post) == 0
    async with post.database.reading() as session:
        rows = (await timeline(session, "eng_1")).rows
    said = next(row.data for row in rows if row.kind == "notification.resolved")
    assert said == {"choice": "send_again", "email": KIND, "state": "unheard"}


async def test_it_is_sent_once_the_recipient_is_back(database: Database) -> None:
    post, sent = Post(database), record(1, reminder(), tasks=(task(),))
    await post.write(sent)
    await leave(database, "per_manager")
    await post.deliver(sent)
    assert await released(post) == 0
    async with database.transaction() as session:
        await update_person(session, MILEPOST, NOW, "per_manager", active=True)
    assert await released(post) == 1
    assert [mail.to_email for mail in await post.mails()] == ["per_manager@example.org"]
    assert await released(post) == 0


async def test_it_is_sent_once_the_member_has_a_lead_again(database: Database) -> None:
    post = Post(database)
    async with database.transaction() as session:
        await session.execute(update(contacts).values(active=False, lead=False))
    await post.write(record(1, RECEIVED))
    async with database.transaction() as session:
        new = NewContact("Ann Lee", "ann@example.org", lead=True)
        await add_contact(session, MILEPOST, NOW, "mem_1", new)
    assert await released(post) == 1
    assert [mail.to_email for mail in await post.mails()] == ["ann@example.org"]


async def test_an_outdated_email_is_not_sent_later(post: Post) -> None:
    await post.write(record(1, reminder(), tasks=(task(),)), record(2, stage="scope"))
    await assign(post)
    assert await released(post) == 1
    assert await post.mails() == []
    assert await post.states() == {(KIND, "nobody"): ("withheld", "done")}


async def test_of_several_about_one_task_the_last_is_sent(post: Post) -> None:
    early, late = reminder("triage/early"), reminder("triage/late")
    escalation = Notice("research.escalation", ("manager",), "triage/last", "triage", 1)
    other = Notice("research.answered", ("manager",), "", "")
    for number, notice in enumerate((early, late, escalation, other), start=1):
        await post.write(record(number, notice, tasks=(task(),)))
    await assign(post)
    assert await released(post) == 4
    assert [mail.kind for mail in await post.mails()] == [
        "research.escalation",
        "research.answered",
    ]
    c = notifications.c
    async with post.database.reading() as session:
        query = select(c.rung).where(c.reason == "said_later").order_by(c.rung)
        assert list((await session.execute(query)).scalars()) == ["triage/early", "triage/late"]
    assert await released(post) == 0


async def test_a_dismissed_email_is_not_sent_later(post: Post) -> None:
    await post.write(record(1, reminder(), tasks=(task(),)))
    await assign(post)
    [waiting] = await now_heard(post)
    async with post.database.transaction() as session:
        await settle(session, waiting.id, "dismiss", UserDecision("per_manager"), NOW)
    assert await released(post) == 0


async def test_a_retry_without_a_holder_changes_nothing(post: Post) -> None:
    await post.write(record(1, reminder(), tasks=(task(),)))
    async with post.database.reading() as session:
        id = (await session.execute(select(notifications.c.id))).scalar_one()
    await post.courier.redeliver(RedeliverInput(id, 1, "per_manager"))
    assert await post.states() == {(KIND, "nobody"): ("withheld", "no_recipient")}
    await assign(post)
    assert await released(post) == 1
    assert len(await post.mails()) == 1
