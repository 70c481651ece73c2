"""A new holder of a role gets one email with their open tasks, while they hold it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from activities.inputs import DeliverInput
from notifications.delivery.reassignment import PendingNotices, reserve, unsent_notices
from programmes.facts import Notice
from storage.database import Database
from storage.master import assign_team, update_contact
from storage.sql import notifications
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.office import NOW, Post, record, task
from tests.storage.fixtures import database_url as database_url
from tests.storage.office import Rows

TEAM, LEAD = "engagement.new_in_team", "engagement.new_lead"


@pytest.fixture
async def post(database: Database) -> Post:
    """A second manager; two requests wait for the manager, and a step for the lead."""
    rows = Rows()
    rows.person("per_nina", "manager", name="Nina Reed")
    async with database.transaction() as session:
        await rows.write(session)
    post = Post(database)
    step = task("step:agreement", "lead", family="onboarding", due_at=NOW + timedelta(days=3))
    await post.write(
        record(1, tasks=(task(),), data={"number": "1"}),
        record(1, tasks=(task(),), item="itm_2", key="2", data={"number": "2"}),
        record(1, tasks=(step,), item="itm_on", kind="onboarding", key="onboarding"),
    )
    return post


async def give(post: Post, now: datetime = NOW, **roles: str) -> PendingNotices:
    async with post.database.transaction() as session:
        taken = await assign_team(session, "per_manager", now, "eng_1", **roles)
        assert taken is not None
        return await reserve(session, taken, now)


async def deliver(post: Post, told: PendingNotices) -> None:
    await post.courier.deliver(DeliverInput("eng_1", "eng_1", told.sequence))


async def test_a_new_manager_gets_a_list_of_their_open_tasks(post: Post) -> None:
    await deliver(post, await give(post, manager_id="per_nina"))
    (mail,) = await post.mails()
    assert (mail.to_email, mail.kind) == ("per_nina@example.org", TEAM)
    assert mail.subject == "Cardiff is now yours: programme manager"
    for number in (1, 2):
        line = f"- Triage the request (Research request {number}), by Tuesday 19 January 2027"
        assert line in mail.text
    assert "Until now it was Mair Evans." in mail.text
    assert "agreement" not in mail.text


async def test_a_new_adviser_without_tasks_is_told_so(post: Post) -> None:
    await deliver(post, await give(post, adviser_id="per_nina"))
    (mail,) = await post.mails()
    assert mail.subject == "Cardiff is now yours: adviser"
    assert "You have no open tasks today." in mail.text


async def test_a_holder_of_both_roles_gets_one_email(post: Post) -> None:
    await deliver(post, await give(post, manager_id="per_nina", adviser_id="per_nina"))
    (mail,) = await post.mails()
    assert mail.subject == "Cardiff is now yours: programme manager and adviser"
    assert "Until now it was Mair Evans, Bola Ade." in mail.text


async def test_a_new_lead_gets_a_list_of_the_members_open_tasks(post: Post) -> None:
    await choose(post.database, "con_second", language="cy")
    async with post.database.transaction() as session:
        (taken,) = await update_contact(session, "per_manager", NOW, "con_second", lead=True)
        told = await reserve(session, taken, NOW)
    await deliver(post, told)
    (mail,) = await post.mails()
    assert (mail.to_email, mail.kind) == ("con_second@example.org", LEAD)
    assert mail.subject == "Chi bellach yw'r prif gyswllt ar gyfer Cardiff"
    assert "Llofnodi'r cytundeb" in mail.text


async def test_a_delegate_gets_the_absent_holders_list(post: Post) -> None:
    day = date(2027, 1, 11)
    absence = {"absent_from": day, "absent_until": day, "delegate_id": "per_adviser"}
    await choose(post.database, "per_nina", **absence)
    await deliver(post, await give(post, manager_id="per_nina"))
    (mail,) = await post.mails()
    assert mail.to_email == "per_adviser@example.org"
    assert "Triage the request" in mail.text


async def test_a_role_that_was_passed_on_again_is_not_announced(post: Post) -> None:
    first = await give(post, manager_id="per_nina")
    second = await give(post, manager_id="per_manager")
    await deliver(post, first)
    await deliver(post, second)
    assert [mail.to_email for mail in await post.mails()] == ["per_manager@example.org"]
    assert (await post.states())[TEAM, "per_nina"] == ("withheld", "handed_on")


async def test_at_night_it_waits_for_the_morning(post: Post) -> None:
    night = datetime(2027, 1, 11, 22, tzinfo=UTC)
    told = await give(post, night, manager_id="per_nina")
    assert told.not_before is not None
    assert told.not_before.date() == date(2027, 1, 12)


class TestWhatIsLeft:
    """A notice that never reached Temporal is found until it has left."""

    async def test_is_found_until_it_has_left(self, post: Post) -> None:
        told = await give(post, manager_id="per_nina")
        async with post.database.reading() as session:
            assert await unsent_notices(session, NOW) == [told]
        await deliver(post, told)
        async with post.database.reading() as session:
            assert await unsent_notices(session, NOW) == []

    async def test_is_left_alone_while_it_waits(self, post: Post) -> None:
        await give(post, manager_id="per_nina")
        later = NOW + timedelta(hours=1)
        for values in ({"not_before": later}, {"not_before": None, "waits_until": later}):
            async with post.database.transaction() as session:
                await session.execute(update(notifications).values(**values))
            async with post.database.reading() as session:
                assert await unsent_notices(session, NOW) == []
                assert len(await unsent_notices(session, later)) == 1

    async def test_other_emails_are_left_alone(self, post: Post) -> None:
        await post.write(record(2, Notice("research.received", ("lead",))))
        async with post.database.reading() as session:
            assert await unsent_notices(session, NOW) == []
