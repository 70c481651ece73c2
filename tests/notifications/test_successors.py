"""What was meant for somebody who has left is for whoever holds their role now, once."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.inputs import RedeliverInput
from notifications.senders.protocol import Permanent, Transient
from programmes.facts import Notice
from storage.database import Database
from storage.sql import contacts, engagements, people
from tests.notifications.office import Post, record, reminder, task
from tests.notifications.senders import Scripted
from tests.notifications.test_courtesy import RECEIVED, TO_LEAD, opening, row_of

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


async def test_whoever_has_it_already_gets_it_no_second_time(database: Database) -> None:
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


async def test_what_was_meant_for_a_person_and_not_for_a_role_ends_with_them(
    database: Database,
) -> None:
    post, sent = Post(database), opening(reminder("triage/early", "con_lead"))
    await post.write(sent)
    await replace_lead(database)
    await post.deliver(sent)
    assert await post.states() == {(KIND, "con_lead"): ("withheld", "recipient_left")}


async def test_where_nobody_holds_the_role_any_more_that_is_said(database: Database) -> None:
    post, sent = Post(database), opening(reminder())
    await post.write(sent)
    await leave(database, "per_manager")
    await post.deliver(sent)
    assert await post.states() == {(KIND, "per_manager"): ("withheld", "no_recipient")}


async def test_what_is_not_true_any_more_is_for_nobody(database: Database) -> None:
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


async def test_what_is_sent_again_after_they_left_goes_to_the_successor(
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


async def test_a_manager_who_was_replaced_leaves_it_to_the_new_one(database: Database) -> None:
    post = Post(database)
    sent = record(1, Notice(KIND, ("manager",), "triage/early", "triage", 1), tasks=(task(),))
    await post.write(sent)
    await leave(database, "per_manager")
    async with database.transaction() as session:
        await session.execute(engagements.update().values(manager_id="per_adviser"))
    await post.deliver(sent)
    assert [mail.to_email for mail in await post.mails()] == ["per_adviser@example.org"]
