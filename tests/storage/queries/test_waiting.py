"""Emails that wait for the sender are counted by reason."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.deliver import Courier
from activities.inputs import DeliverInput
from notifications.senders.protocol import Permanent, Transient
from storage.database import Database
from storage.queries.notifications import all_notifications
from storage.queries.troubles import count_troubles, list_troubles
from storage.queries.waiting import A_WHILE, Waiting, waiting_emails
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.office import NOW, SETTINGS, Post, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

ONE = record(1, *(reminder(f"triage/{n}") for n in range(5)), tasks=(task(),))


async def waiting(database: Database) -> list[Waiting]:
    async with database.reading() as session:
        return await waiting_emails(session)


async def test_the_last_attempt_gives_the_reason_for_waiting(database: Database) -> None:
    login, busy = Transient("smtp_login_refused"), Transient("smtp_450")
    script = [busy, login, login, Permanent("smtp_550"), None, login, None, login]
    post = Post(database, Scripted(script))
    await post.write(ONE)
    for _ in range(2):
        with pytest.raises(ApplicationError, match="of 5 emails have to wait"):
            await post.deliver(ONE)
    # Two of the three were refused again.
    assert await waiting(database) == [Waiting("smtp_login_refused", 2, NOW)]


async def test_no_email_waits_after_all_were_accepted(database: Database) -> None:
    post = Post(database)
    await post.write(ONE)
    assert await waiting(database) == []
    await post.deliver(ONE)
    assert await waiting(database) == []


async def test_an_email_refused_for_a_while_is_trouble_with_its_reason(database: Database) -> None:
    revoked = Transient("sendgrid_401")
    post = Post(database, Scripted([revoked] * 5))
    await post.write(ONE)
    with pytest.raises(ApplicationError, match="of 5 emails have to wait"):
        await post.deliver(ONE)
    patience = timedelta(hours=2)
    async with database.reading() as session:
        listed = await all_notifications(session)
        early = await count_troubles(session, NOW + A_WHILE - timedelta(seconds=1), patience)
        troubles = (await list_troubles(session, NOW + A_WHILE, patience)).rows
        counted = await count_troubles(session, NOW + A_WHILE, patience)
    assert {row.reason for row in listed.rows} == {"sendgrid_401"}
    assert (early, counted) == ({}, {"eng_1": 5})
    assert {(row.state, row.reason, row.since) for row in troubles} == {
        ("claimed", "sendgrid_401", NOW)
    }


async def test_waiting_counts_from_the_first_refusal_until_accepted(
    database: Database,
) -> None:
    busy, login = Transient("smtp_450"), Transient("smtp_login_refused")
    one = record(1, reminder(), tasks=(task(),))
    post = Post(database, Scripted([busy, login, None]))
    await post.write(one)
    later = NOW + timedelta(hours=3)
    with pytest.raises(ApplicationError):
        await post.deliver(one)
    courier = Courier(database, post.sender, SETTINGS, lambda: later)
    with pytest.raises(ApplicationError):
        await courier.deliver(DeliverInput("eng_1", "itm_1", 1))
    async with database.reading() as session:
        [trouble] = (await list_troubles(session, later, timedelta(hours=2))).rows
        assert (trouble.reason, trouble.since) == ("smtp_login_refused", NOW)
    await post.deliver(one)
    async with database.reading() as session:
        assert (await list_troubles(session, later, timedelta(hours=2))).rows == ()
        [row] = (await all_notifications(session)).rows
    assert (row.state, row.reason) == ("accepted", "")
