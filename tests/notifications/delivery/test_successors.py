"""An email for a recipient who left goes to the role's new holder, once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.deliver import Courier
from activities.inputs import RedeliverInput
from notifications.content.scene import read_scene
from notifications.delivery.sending import Outcome
from notifications.senders.protocol import Accepted, Email, Permanent, Transient
from programmes.facts import Notice
from storage.database import Database
from storage.sql import contacts, engagements, notifications, people
from tests.notifications.delivery.test_recipient import (
    RECEIVED,
    TO_LEAD,
    TODAY,
    away,
    choose,
    opening,
    row_of,
)
from tests.notifications.office import NOW, SETTINGS, Post, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

KIND = "research.reminder"


async def replace_lead(database: Database) -> None:
    c = contacts.c
    async with database.transaction() as session:
        gone = contacts.update().where(c.id == "con_lead").values(active=False, lead=False)
        await session.execute(gone)
        await session.execute(contacts.update().where(c.id == "con_second").values(lead=True))


async def leave(database: Database, id: str) -> None:
    table = people if id.startswith("per_") else contacts
    async with database.transaction() as session:
        await session.execute(table.update().where(table.c.id == id).values(active=False))


async def test_an_email_to_a_lead_who_was_replaced_goes_to_the_new_one_in_the_same_run(
    database: Database,
) -> None:
    post, sent = Post(database), opening(TO_LEAD)
    await post.write(sent)
    await replace_lead(database)
    for _ in range(2):
        await post.deliver(sent)
    assert [mail.to_email for mail in await post.mails()] == ["con_second@example.org"]
    assert await post.states() == {
        (KIND, "con_lead"): ("withheld", "role_passed"),
        (KIND, "con_second"): ("accepted", ""),
    }
    assert (await row_of(database, "con_second")).selector == "lead"


async def test_a_successor_who_has_it_already_gets_no_second_one(database: Database) -> None:
    post, sent = Post(database), opening(reminder("triage/early", "lead", "con_second"))
    await post.write(sent)
    await replace_lead(database)
    await post.deliver(sent)
    assert [mail.to_email for mail in await post.mails()] == ["con_second@example.org"]
    assert (await post.states())[KIND, "con_lead"] == ("withheld", "recipient_left")


async def test_a_colleague_who_has_left_leaves_it_to_the_others(database: Database) -> None:
    post, sent = Post(database), opening(RECEIVED)
    await post.write(sent)
    await leave(database, "con_second")
    await post.deliver(sent)
    assert [mail.to_email for mail in await post.mails()] == ["con_lead@example.org"]
    assert (await row_of(database, "con_second")).reason == "recipient_left"


async def test_an_email_for_a_named_person_ends_with_them(
    database: Database,
) -> None:
    post, sent = Post(database), opening(reminder("triage/early", "con_lead"))
    await post.write(sent)
    await replace_lead(database)
    await post.deliver(sent)
    assert await post.states() == {(KIND, "con_lead"): ("withheld", "recipient_left")}


async def test_without_a_new_holder_it_has_no_recipient(database: Database) -> None:
    post, sent = Post(database), opening(reminder())
    await post.write(sent)
    await leave(database, "per_manager")
    await post.deliver(sent)
    assert await post.states() == {(KIND, "per_manager"): ("withheld", "no_recipient")}


async def test_an_outdated_email_goes_to_no_successor(database: Database) -> None:
    post, sent = Post(database), opening(TO_LEAD)
    await post.write(sent, record(2, stage="scope"))
    await replace_lead(database)
    await post.deliver(sent)
    assert await post.states() == {(KIND, "con_lead"): ("withheld", "done")}


async def test_a_successor_who_has_to_wait_is_tried_again(database: Database) -> None:
    sender = Scripted([Transient("smtp_unreachable")])
    post, sent = Post(database, sender), opening(TO_LEAD)
    await post.write(sent)
    await replace_lead(database)
    with pytest.raises(ApplicationError, match="1 of 2 emails have to wait: smtp_unreachable"):
        await post.deliver(sent)
    await post.deliver(sent)
    assert [email.to_email for email in sender.taken] == ["con_second@example.org"]


async def test_an_email_sent_again_after_they_left_goes_to_the_successor(
    database: Database,
) -> None:
    sender = Scripted([Permanent("sendgrid_400"), Transient("smtp_unreachable")])
    post, sent = Post(database, sender), opening(TO_LEAD)
    await post.write(sent)
    await post.deliver(sent)
    await replace_lead(database)
    again = RedeliverInput((await row_of(database, "con_lead")).id, 1, "per_manager")
    with pytest.raises(ApplicationError, match="smtp_unreachable"):
        await post.courier.redeliver(again)
    for _ in range(2):
        await post.courier.redeliver(again)
    assert [email.to_email for email in sender.taken] == ["con_second@example.org"]


class MeanwhileElsewhere(Scripted):
    """While it sends its first email, an attempt that has timed out goes on."""

    def __init__(self, elsewhere: Callable[[], Awaitable[Any]]) -> None:
        super().__init__()
        self._elsewhere: Callable[[], Awaitable[Any]] | None = elsewhere

    async def send(self, email: Email) -> Accepted:
        elsewhere, self._elsewhere = self._elsewhere, None
        if elsewhere is not None:
            await elsewhere()
        return await super().send(email)


async def test_an_email_passed_on_by_a_dead_attempt_is_sent_by_the_next(
    database: Database,
) -> None:
    late = Courier(database, Scripted(), SETTINGS, lambda: NOW)

    async def elsewhere() -> None:
        async with database.reading() as session:
            scene = await read_scene(session, "eng_1", "itm_1", 1)
        await late._dispatch.send((await row_of(database, "con_lead")).id, scene)

    # A recipient with a delegate comes last.
    past = TODAY - timedelta(days=9)
    await choose(database, "con_lead", **away("con_second", absent_from=past, absent_until=past))
    post = Post(database, sender := MeanwhileElsewhere(elsewhere))
    new = Notice("research.new", ("manager",), rung="#1", task="triage", revision=1)
    sent = opening(new, TO_LEAD)
    await post.write(sent)
    await replace_lead(database)
    await post.deliver(sent)
    assert (await post.states())[KIND, "con_lead"] == ("withheld", "role_passed")
    assert [email.to_email for email in sender.taken] == [
        "per_manager@example.org",
        "con_second@example.org",
    ]


@pytest.mark.parametrize("repeats", [1, 2])
async def test_each_attempt_finds_out_that_it_was_passed_on(
    database: Database, repeats: int
) -> None:
    post, sent = Post(database), opening(TO_LEAD, RECEIVED)
    await post.write(sent)
    await replace_lead(database)
    async with database.reading() as session:
        scene = await read_scene(session, "eng_1", "itm_1", 1)
        rows = (await session.execute(notifications.select())).all()
    ended = {
        (row.kind, row.recipient_id): [
            await post.courier._dispatch.send(row.id, scene) for _ in range(repeats)
        ]
        for row in rows
    }
    assert ended == {
        (KIND, "con_lead"): [Outcome.PASSED_ON] * repeats,
        ("research.received", "con_lead"): [Outcome.DONE] * repeats,
        ("research.received", "con_second"): [Outcome.DONE] * repeats,
    }


async def test_a_manager_who_was_replaced_leaves_it_to_the_new_one(database: Database) -> None:
    post = Post(database)
    sent = record(1, Notice(KIND, ("manager",), "triage/early", "triage", 1), tasks=(task(),))
    await post.write(sent)
    await leave(database, "per_manager")
    async with database.transaction() as session:
        await session.execute(engagements.update().values(manager_id="per_adviser"))
    await post.deliver(sent)
    assert [mail.to_email for mail in await post.mails()] == ["per_adviser@example.org"]
