"""An engagement gets another manager or adviser, who takes over its tasks and is told."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from services.backend import Backend
from services.engagements import assign_team
from services.office import add_contact, edit_contact, edit_person
from services.permissions import Actor
from services.releasing import Releaser
from settings import Settings
from storage.database import Database
from storage.master import NewContact
from storage.record import write
from storage.sql import engagements, events, mailbox, notifications
from temporal.connection import LazyTemporal
from tests.api.conftest import NOWHERE, Caller
from tests.api.live import API, Live
from tests.api.live import live as live
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CALENDAR, CARDIFF, GLASGOW, Their, item_record
from tests.servers import Connected
from tests.services.test_releasing import GoesAway
from tests.storage.office import NOW, Rows

HERE = f"{API}/engagements/{CARDIFF.engagement}"
MANAGER = Actor("per_manager", "manager")
NINA = "per_nina"
SIGN_OFF = item_record(CARDIFF, "review", "submitted", "sign_off", "manager", {})


@pytest.fixture(autouse=True)
async def staffed(database: Database) -> None:
    """Another manager, and a former one; a review waits for the manager."""
    rows = Rows()
    rows.person(NINA, "manager", name="Nina Reed")
    rows.person("per_old", "manager", active=False)
    async with database.transaction() as session:
        await rows.write(session)
        await write(session, replace(SIGN_OFF, sequence=2), NOW)


async def told(database: Database) -> list[tuple[str, str, str]]:
    """Kind, recipient and roles of the emails about it."""
    c = notifications.c
    async with database.reading() as session:
        query = select(c.kind, c.recipient_id, c.selector).where(c.kind.like("engagement.new_%"))
        return [(row.kind, row.recipient_id, row.selector) for row in await session.execute(query)]


async def facts(database: Database) -> int:
    async with database.reading() as session:
        query = select(func.count()).where(events.c.kind.like("engagement.%_changed"))
        return int((await session.execute(query)).scalar_one())


class TestAnotherManager:
    async def test_has_all_that_is_open_and_is_told_once_and_the_timeline_says_so(
        self, calling: Caller, database: Database
    ) -> None:
        manager = calling("manager")
        before = (await manager.get(HERE)).headers["ETag"]
        answer = await manager.patch(HERE, json={"manager": NINA})
        assert answer.status_code == 200
        assert answer.json()["manager"] == {"id": NINA, "name": "Nina Reed"}
        assert answer.json()["adviser"]["id"] == "per_adviser"
        open_now = {task["key"]: task["owner"]["id"] for task in answer.json()["tasks"]}
        assert open_now["sign_off"] == NINA
        after = await manager.get(HERE, headers={"If-None-Match": before})
        assert after.status_code == 200
        assert await told(database) == [("engagement.new_in_team", NINA, "manager")]
        line = (await manager.get(f"{HERE}/timeline")).json()["items"]
        said = next(one for one in line if one["kind"] == "engagement.manager_changed")
        assert said["who"]["id"] == "per_manager"
        assert said["sentence"] == (
            "Manager made Nina Reed the programme manager instead of Manager."
        )

    async def test_a_repeat_changes_nothing(self, calling: Caller, database: Database) -> None:
        for _ in range(2):
            answer = await calling("manager").patch(HERE, json={"manager": NINA})
            assert answer.status_code == 200
        assert (await facts(database), len(await told(database))) == (1, 1)
        assert (await calling("manager").patch(HERE, json={})).status_code == 200
        assert await facts(database) == 1

    async def test_a_person_with_both_roles_gets_one_email(
        self, calling: Caller, database: Database
    ) -> None:
        await calling("manager").patch(HERE, json={"manager": NINA, "adviser": NINA})
        assert await told(database) == [("engagement.new_in_team", NINA, "manager,adviser")]
        assert await facts(database) == 2

    async def test_a_person_who_gets_it_back_is_told_again(
        self, calling: Caller, database: Database
    ) -> None:
        for person in (NINA, "per_manager", NINA):
            await calling("manager").patch(HERE, json={"manager": person})
        assert sorted(id for _, id, _ in await told(database)) == ["per_manager", NINA, NINA]

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"manager": "per_old"}, "is no longer active"),
            ({"manager": "per_adviser"}, "has the role adviser, and only a manager"),
            ({"adviser": "per_researcher"}, "only an adviser or a manager can advise"),
            ({"manager": "per_none"}, "no person “per_none”"),
        ],
    )
    async def test_an_unsuitable_person_is_refused_with_what_to_do(
        self, calling: Caller, database: Database, given: dict[str, str], says: str
    ) -> None:
        answer = await calling("manager").patch(HERE, json=given)
        assert answer.status_code == 422
        (flaw,) = answer.json()["errors"]
        assert flaw["pointer"] == f"#/{next(iter(given))}"
        assert says in flaw["what"]
        assert flaw["fix"].startswith("Give the id of")
        assert (await facts(database), await told(database)) == (0, [])

    async def test_what_has_ended_is_not_given_to_anybody(
        self, calling: Caller, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(update(engagements).values(closed_at=NOW, stage="completed"))
        answer = await calling("manager").patch(HERE, json={"manager": NINA})
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/closed"
        assert await facts(database) == 0

    async def test_an_engagement_that_is_not_there_is_not_found(self, calling: Caller) -> None:
        answer = await calling("manager").patch(f"{API}/engagements/eng_x", json={"manager": NINA})
        assert answer.status_code == 404


class TestAnotherLead:
    async def test_is_told_what_is_theirs_now(self, calling: Caller, database: Database) -> None:
        path = f"{API}/members/{CARDIFF.member}/contacts/con_second"
        for _ in range(2):
            assert (await calling("manager").patch(path, json={"lead": True})).status_code == 200
        assert await told(database) == [("engagement.new_lead", "con_second", "lead")]
        line = (await calling("member").get(f"{HERE}/timeline")).json()["items"]
        said = next(one for one in line if one["kind"] == "engagement.lead_changed")
        assert said["sentence"] == "Manager made Second the lead contact instead of Lead."

    async def test_is_told_too_where_they_are_new_here(self, database: Database) -> None:
        settings = Settings(database_url="sqlite+aiosqlite://")
        backend = Backend(database, LazyTemporal(NOWHERE), settings, now=lambda: NOW)
        new = NewContact("Ann Lee", "ann@example.org", lead=True)
        with capture_logs() as logs:
            await add_contact(backend, MANAGER, CARDIFF.member, new)
        assert [entry["event"] for entry in logs] == ["telling_waits"]
        ((kind, _, roles),) = await told(database)
        assert (kind, roles) == ("engagement.new_lead", "lead")

    async def test_an_ended_engagement_sends_no_email(
        self, calling: Caller, database: Database
    ) -> None:
        async with database.transaction() as session:
            await session.execute(update(engagements).values(closed_at=NOW, stage="completed"))
        path = f"{API}/members/{CARDIFF.member}/contacts/con_second"
        await calling("manager").patch(path, json={"lead": True})
        assert (await told(database), await facts(database)) == ([], 0)


@pytest.mark.dev_server
async def test_emails_of_a_vacant_role_follow(live: Live, database: Database) -> None:
    backend = Backend(database, Connected(live.client), live.settings)
    await unheard(database, GLASGOW, 0)
    await assign_team(backend, MANAGER, GLASGOW.engagement, manager=NINA)
    assert await sent(live, GLASGOW) == [NINA]
    await unheard(database, CARDIFF, 0)
    await edit_person(backend, MANAGER, "per_old", active=True)
    assert await sent(live, CARDIFF) == ["per_old"]
    await unheard(database, CARDIFF, 1)
    async with database.transaction() as session:
        await session.execute(update(engagements).values(manager_id=NINA))
    path_of_it = f"/notifications/{CARDIFF.notification}/resolve"
    await live.done("manager", path_of_it, {"choice": "send_again"})
    assert await sent(live, CARDIFF, 2) == [NINA, "per_old"]


async def unheard(database: Database, their: Their, number: int) -> None:
    """The manager has left, and an email for the manager, in its round so far, had no recipient."""
    c = engagements.c
    async with database.transaction() as session:
        # The worker's clock is the real one, and it may be night.
        calendar = {**CALENDAR, "always_open": True}
        values = {"calendar": calendar, "manager_id": "per_old"}
        await session.execute(update(engagements).where(c.id == their.engagement).values(**values))
        it = {"recipient_id": "nobody", "selector": "manager", "kind": "engagement.ready"}
        was = {"state": "withheld", "reason": "no_recipient", "round": number}
        mine = notifications.c.id == their.notification
        await session.execute(update(notifications).where(mine).values(**it, **was))


async def sent(live: Live, their: Their, count: int = 1) -> list[str]:
    """Who got that email, once so many did."""
    await live.until(
        "manager",
        f"/engagements/{their.engagement}/notifications",
        lambda read: (
            sum(
                one["kind"] == "engagement.ready" and one["state"] == "accepted"
                for one in read["items"]
            )
            == count
        ),
    )
    c = notifications.c
    async with live.database.reading() as session:
        query = select(c.recipient_id).where(
            *(c.engagement_id == their.engagement, c.kind == "engagement.ready"),
            c.state == "accepted",
        )
        return sorted((await session.execute(query)).scalars())


async def mails(live: Live, count: int) -> list[tuple[str, str, str]]:
    """Address, subject and text of the emails about it, once there are so many."""
    path = f"/engagements/{CARDIFF.engagement}/notifications"
    await live.until(
        "manager",
        path,
        lambda read: (
            sum(
                one["kind"].startswith("engagement.new_") and one["state"] == "accepted"
                for one in read["items"]
            )
            == count
        ),
    )
    c = mailbox.c
    async with live.database.reading() as session:
        query = select(c.to_email, c.subject, c.text).where(c.kind.like("engagement.new_%"))
        rows = await session.execute(query.order_by(c.id))
        return [(row.to_email, row.subject, row.text) for row in rows]


@pytest.mark.dev_server
async def test_the_email_says_what_is_theirs_and_leaves_also_where_temporal_was_away(
    live: Live, database: Database
) -> None:
    async with database.transaction() as session:
        # The worker's clock is the real one, and it may be night.
        calendar = {**CALENDAR, "always_open": True}
        await session.execute(update(engagements).values(calendar=calendar))
    connected = Connected(live.client)
    backend = Backend(database, connected, live.settings)
    await assign_team(backend, MANAGER, CARDIFF.engagement, manager=NINA)
    ((to, subject, text),) = await mails(live, 1)
    assert (to, subject) == (f"{NINA}@example.org", "Cardiff is now yours: programme manager")
    assert "Until now it was Manager." in text
    assert "Sign off the review (Interim), by" in text
    assert "Sign the membership agreement" not in text
    away = Backend(database, GoesAway(connected, answers=0), live.settings)
    await edit_contact(away, MANAGER, CARDIFF.member, "con_second", lead=True)
    await Releaser(away).look()
    await Releaser(backend).look()
    second = (await mails(live, 2))[1]
    assert second[:2] == ("con_second@example.org", "You are now the lead contact for Cardiff")
    assert "Sign the membership agreement" in second[2]
    await Releaser(backend).look()
    assert len(await mails(live, 2)) == 2
