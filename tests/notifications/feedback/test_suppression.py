"""A bounce suppresses an address; a fixed address frees the emails that are still true."""

from collections import Counter

import pytest

from activities.inputs import RedeliverInput
from notifications.feedback.suppression import apply_report, left_waiting, waiting_for
from programmes.facts import Notice
from storage.database import Database
from storage.master import update_contact
from storage.master.checks import Missing
from storage.master.suppressions import holders_of, lift, suppress
from storage.queries.suppressions import list_suppressions
from tests.databases import count_statements
from tests.notifications.delivery.test_recipient import row_of
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.storage.fixtures import database_url as database_url

LEAD = "con_lead@example.org"
FIRST = reminder("triage/early", "lead")


async def sent_to_the_lead(post: Post) -> str:
    """A reminder that has left; its id."""
    of = record(1, FIRST, tasks=(task(),))
    await post.write(of)
    await post.deliver(of)
    return str((await row_of(post.database, "con_lead")).id)


@pytest.mark.parametrize("state", ["bounced", "dropped", "complained"])
async def test_a_bounce_or_a_complaint_suppresses_the_address_once(
    database: Database, state: str
) -> None:
    sent = await sent_to_the_lead(Post(database))
    async with database.transaction() as session:
        assert await apply_report(session, sent, state, "", NOW)
        assert not await apply_report(session, sent, state, "", NOW)
        assert [row.address for row in (await list_suppressions(session)).rows] == [LEAD]


@pytest.mark.parametrize("state", ["delivered", "deferred", "accepted"])
async def test_no_other_report_does(database: Database, state: str) -> None:
    sent = await sent_to_the_lead(Post(database))
    async with database.transaction() as session:
        assert not await apply_report(session, sent, state, "", NOW)


@pytest.mark.parametrize("code", ["blocked_4.7.1", "dropped_spam_content"])
async def test_a_refusal_of_us_or_of_the_text_does_not_suppress(
    database: Database, code: str
) -> None:
    sent = await sent_to_the_lead(Post(database))
    async with database.transaction() as session:
        assert not await apply_report(session, sent, "bounced", code, NOW)


async def test_a_late_bounce_does_not_suppress_a_changed_address(
    database: Database,
) -> None:
    sent = await sent_to_the_lead(Post(database))
    async with database.transaction() as session:
        await update_contact(session, "per_manager", NOW, "con_lead", email="lena@example.org")
        assert not await apply_report(session, sent, "bounced", "", NOW)
        assert (await list_suppressions(session)).rows == ()


async def test_lifting_counts_once_and_lets_it_be_suppressed_again(database: Database) -> None:
    async with database.transaction() as session:
        await suppress(session, NOW, LEAD, reason="bounced")
        [row] = (await list_suppressions(session)).rows
        assert [one.id for one in row.holders] == ["con_lead"]
        assert (await lift(session, "per_manager", NOW, row.id)).address == LEAD
        with pytest.raises(Missing):
            await lift(session, "per_manager", NOW, row.id)
        assert (await list_suppressions(session)).rows == ()
        assert await suppress(session, NOW, LEAD, reason="complained")
        assert await holders_of(session, LEAD) == ["con_lead"]


async def test_of_several_about_one_task_a_fixed_address_frees_the_latest(
    database: Database,
) -> None:
    post = Post(database)
    async with database.transaction() as session:
        await suppress(session, NOW, LEAD, reason="bounced")
    records = [
        record(1, Notice("research.received", ("lead",), rung="#1"), FIRST, tasks=(task(),)),
        record(2, reminder("triage/late", "lead"), tasks=(task(),)),
    ]
    await post.write(*records)
    for one in records:
        await post.deliver(one)
    async with database.reading() as session:
        [row] = (await list_suppressions(session)).rows
        assert row.waiting == 3
        released = await waiting_for(session, ["con_lead"])
        assert await left_waiting(session) == []
    assert len(released) == 2
    states = await post.states()
    assert {state for state, _ in states.values()} == {"withheld"}
    # Once it is let go, the earlier one about the same task stays where it is.
    async with database.transaction() as session:
        await lift(session, "per_manager", NOW, row.id)
    async with database.reading() as session:
        assert await left_waiting(session) == released
    for freed in released:
        await post.courier.redeliver(RedeliverInput(freed.id, 1, "per_manager"))
    async with database.reading() as session:
        assert await waiting_for(session, ["con_lead"]) == []
        # It stays for good, and the office looks every minute: not through all that they ever got.
        with count_statements(database) as seen:
            assert await left_waiting(session) == []
        assert len(seen) == 1
    assert Counter(mail.kind for mail in await post.mails()) == {
        "research.received": 1,
        "research.reminder": 1,
    }


async def test_of_two_about_one_task_in_one_record_one_is_sent(database: Database) -> None:
    post = Post(database)
    async with database.transaction() as session:
        await suppress(session, NOW, LEAD, reason="bounced")
    both = record(1, FIRST, reminder("triage/soon", "lead"), tasks=(task(),))
    await post.write(both)
    await post.deliver(both)
    async with database.reading() as session:
        assert len(await waiting_for(session, ["con_lead"])) == 1


async def test_emails_that_a_fixed_address_frees_are_found(
    database: Database,
) -> None:
    post = Post(database)
    async with database.transaction() as session:
        await suppress(session, NOW, LEAD, reason="bounced")
    of = record(1, FIRST, tasks=(task(),))
    await post.write(of)
    await post.deliver(of)
    async with database.reading() as session:
        assert await left_waiting(session) == []
    async with database.transaction() as session:
        await update_contact(session, "per_manager", NOW, "con_lead", email="lena@example.org")
    async with database.reading() as session:
        [one] = await left_waiting(session)
    await post.courier.redeliver(RedeliverInput(one.id, 1, "milepost"))
    assert [mail.to_email for mail in await post.mails()] == ["lena@example.org"]
    async with database.reading() as session:
        assert await left_waiting(session) == []
