"""Recipients choose for themselves, and managers for others; a link ends digests at one click."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from notifications.delivery.preferences import choices_of, holder_of, unsubscribe_link
from storage.database import Database
from storage.master.suppressions import suppress
from storage.sql import engagements, events, mailbox, notifications
from tests.api.conftest import Caller, application
from tests.api.live import Live
from tests.api.live import live as live
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CALENDAR, CARDIFF, GLASGOW, TOKENS, bearer
from tests.fakes.sendgrid import KEY, FakeSendGrid, fake_sendgrid
from tests.fakes.sendgrid_lists import NAMES
from tests.storage.office import NOW

SECRET = "a secret of these tests"
CONTACT = f"/api/v1/members/{CARDIFF.member}/contacts/{CARDIFF.contact}/choices"


class TestChoosing:
    async def test_a_member_chooses_for_itself_and_reads_it_back(self, calling: Caller) -> None:
        chosen = {"language": "both", "quiet_weekdays": [4], "reminders": "digest"}
        answer = await calling("member").put("/api/v1/me/choices", json=chosen)
        assert answer.status_code == 200
        held = (await calling("member").get("/api/v1/me/choices")).json()
        assert held == answer.json()
        assert chosen.items() <= held.items()
        assert held["changed_at"]
        # The manager sees the same, and may choose in the contact's place.
        assert (await calling("manager").get(CONTACT)).json() == held

    async def test_a_choice_that_is_left_out_has_its_default(self, calling: Caller) -> None:
        await calling("manager").put(CONTACT, json={"language": "cy", "digests": False})
        held = (await calling("manager").put(CONTACT, json={"language": "cy"})).json()
        assert held["digests"] is True

    async def test_the_audit_trail_names_who_chose(
        self, calling: Caller, database: Database
    ) -> None:
        await calling("manager").put(CONTACT, json={"language": "cy"})
        async with database.reading() as session:
            query = events.select().where(events.c.kind == "choices.changed")
            [row] = (await session.execute(query)).all()
        assert (row.item_id, row.actor) == (CARDIFF.contact, "per_manager")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"language": "fr"}, "#/language"),
            ({"quiet_weekdays": [0, 1, 2, 3, 4]}, "#/quiet_weekdays"),
            (
                {"absence": {"first": "2027-02-01", "last": "2027-02-05", "delegate": "con_two"}},
                "#/absence",
            ),
            (
                {"absence": {"first": "2027-02-01", "last": "2027-02-05", "delegate": "con_lead"}},
                "#/absence",
            ),
        ],
    )
    async def test_what_cannot_be_is_refused(
        self, calling: Caller, body: dict[str, Any], pointer: str
    ) -> None:
        answer = await calling("member").put("/api/v1/me/choices", json=body)
        assert answer.status_code == 422
        assert pointer in [flaw["pointer"] for flaw in answer.json()["errors"]]

    async def test_another_members_contact_is_not_found_under_this_member(
        self, calling: Caller
    ) -> None:
        path = f"/api/v1/members/{CARDIFF.member}/contacts/{GLASGOW.contact}/choices"
        assert (await calling("manager").get(path)).status_code == 404
        assert (await calling("manager").put(path, json={})).status_code == 404


class TestSuppressions:
    async def test_a_lifted_address_is_listed_no_more(self, calling: Caller) -> None:
        manager = calling("manager")
        [one] = (await manager.get("/api/v1/suppressions")).json()["items"]
        assert (one["address"], one["reason"], one["waiting"]) == ("gone@example.org", "bounced", 0)
        lifted = await manager.post("/api/v1/suppressions/sup_1/lift")
        assert lifted.json() == {"released": []}
        assert (await manager.get("/api/v1/suppressions")).json()["items"] == []
        assert (await manager.post("/api/v1/suppressions/sup_1/lift")).status_code == 404


ADDRESS = "gone@example.org"
LIFT = "/api/v1/suppressions/sup_1/lift"


class TestSendGridsOwnLists:
    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeSendGrid]:
        async with fake_sendgrid() as fake:
            for name in NAMES:
                fake.lists.put(ADDRESS, name)
                fake.lists.put("other@example.org", name)
            yield fake

    @pytest.fixture
    def app(self, database: Database, fake: FakeSendGrid) -> FastAPI:
        return application(
            database, sender="sendgrid", sendgrid_api_key=f"{KEY}\n", sendgrid_host=fake.host
        )

    async def test_a_lifted_address_leaves_every_list_and_no_other_address_does(
        self, calling: Caller, fake: FakeSendGrid, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        for name in ("httpx", "httpcore"):
            caplog.set_level("DEBUG", name)
        assert (await calling("manager").post(LIFT)).status_code == 200
        assert set(map(frozenset, fake.lists.held.values())) == {frozenset({"other@example.org"})}
        asked = [one for one in caplog.records if not one.name.startswith("aiosqlite")]
        assert any(one.name == "httpx" and "bounces" in one.getMessage() for one in asked)
        assert not any(ADDRESS in one.getMessage() for one in asked)

    async def test_where_the_key_may_not_the_answer_says_what_to_do_by_hand(
        self, calling: Caller, fake: FakeSendGrid
    ) -> None:
        fake.lists.may_change = False
        manager = calling("manager")
        refused = await manager.post(LIFT)
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/still-listed"
        assert "may not remove the address" in refused.json()["detail"]
        assert "by_hand=true" in refused.json()["detail"]
        # Nothing was changed: it would be dropped there, and suppressed once more.
        [one] = (await manager.get("/api/v1/suppressions")).json()["items"]
        assert one["address"] == ADDRESS
        assert (await manager.post(f"{LIFT}?by_hand=true")).status_code == 200
        assert (await manager.get("/api/v1/suppressions")).json()["items"] == []
        assert (await manager.post(LIFT)).status_code == 404

    async def test_in_the_sandbox_no_list_is_touched(
        self, database: Database, fake: FakeSendGrid
    ) -> None:
        options = {"sender": "sendgrid", "sendgrid_host": fake.host, "sendgrid_sandbox": True}
        app = application(database, **options)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://test",
            headers=bearer(TOKENS["manager"][0]),
        ) as manager:
            assert (await manager.post(LIFT)).status_code == 200
        assert fake.lists.hold(ADDRESS)


async def test_a_sendgrid_that_does_not_answer_leaves_the_suppression_as_it_is(
    database: Database,
) -> None:
    app = application(database, sender="sendgrid", sendgrid_host="http://127.0.0.1:1")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers=bearer(TOKENS["manager"][0]),
    ) as manager:
        refused = await manager.post(LIFT)
        assert refused.json()["type"] == "/problems/still-listed"
        assert "Try again in a few minutes" in refused.json()["detail"]
        assert len((await manager.get("/api/v1/suppressions")).json()["items"]) == 1


class TestOneClick:
    @pytest.fixture
    def app(self, database: Database) -> FastAPI:
        return application(database, secret=SECRET)

    @pytest.fixture
    def path(self) -> str:
        return unsubscribe_link("", SECRET, "con_lead")

    async def _digests(self, database: Database) -> bool:
        async with database.reading() as session:
            return (await choices_of(session, "con_lead")).digests

    async def test_opening_the_link_changes_nothing_and_shows_a_button(
        self, calling: Caller, database: Database, path: str
    ) -> None:
        answer = await calling(None).get(path)
        assert answer.status_code == 200
        assert '<form method="post">' in answer.text
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        assert await self._digests(database)

    async def test_a_mail_programs_post_ends_the_digests_without_signing_in_however_often(
        self, calling: Caller, database: Database, path: str
    ) -> None:
        for _ in range(2):
            answer = await calling(None).post(path, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            assert not await self._digests(database)

    async def test_it_leaves_all_else_that_was_chosen(
        self, calling: Caller, database: Database, path: str
    ) -> None:
        await calling("member").put("/api/v1/me/choices", json={"language": "cy"})
        await calling(None).post(path)
        held = (await calling("member").get("/api/v1/me/choices")).json()
        assert (held["language"], held["digests"]) == ("cy", False)

    @pytest.mark.parametrize("verb", ["GET", "POST"])
    async def test_a_link_that_we_did_not_sign_does_nothing(
        self, calling: Caller, database: Database, path: str, verb: str
    ) -> None:
        client: httpx.AsyncClient = calling(None)
        for forged in (path[:-2], unsubscribe_link("", "another secret", "con_lead"), path + "x"):
            assert (await client.request(verb, forged)).status_code == 404
        assert await self._digests(database)

    def test_without_a_secret_no_link_is_ours(self, path: str) -> None:
        assert holder_of(path.rpartition("/")[2], SECRET) == "con_lead"
        assert holder_of(path.rpartition("/")[2], "") is None


@pytest.mark.dev_server
async def test_a_corrected_address_gets_withheld_emails_that_are_not_outdated(
    live: Live, database: Database
) -> None:
    async with database.transaction() as session:
        # The worker's clock is the real one, and it may be night.
        calendar = {**CALENDAR, "always_open": True}
        await session.execute(engagements.update().values(calendar=calendar))
        found = await session.execute(
            notifications.select().where(notifications.c.id == CARDIFF.notification)
        )
        row = found.one()._mapping
        await session.execute(
            notifications.update()
            .where(notifications.c.id == CARDIFF.notification)
            .values(state="withheld", reason="suppressed", recipient_id="con_lead")
        )
        # Its task is not open any more: it stays where it is.
        stale = {**row, "id": "ntf_stale", "rung": "old", "task": "gone", "revision": 1}
        stale |= {"state": "withheld", "reason": "suppressed", "recipient_id": "con_lead"}
        await session.execute(notifications.insert().values(stale))
        await suppress(session, NOW, "con_lead@example.org", reason="bounced")
    async with live.calling("manager") as client:
        [waits, _] = (await client.get("/suppressions")).json()["items"]
        assert waits["waiting"] == 2
        contact = f"/members/{CARDIFF.member}/contacts/{CARDIFF.contact}"
        corrected = await client.patch(contact, json={"email": "lea.new@example.org"})
        assert corrected.status_code == 200, corrected.text
    for id, state in ((CARDIFF.notification, "accepted"), ("ntf_stale", "withheld")):
        read = await live.until(
            "manager",
            f"/notifications/{id}",
            lambda read: read["round"] == 1 and read["state"] not in ("reserved", "claimed"),
        )
        assert read["state"] == state
    async with database.reading() as session:
        sent = (await session.execute(mailbox.select())).all()
        reason = await session.scalar(
            select(notifications.c.reason).where(notifications.c.id == "ntf_stale")
        )
    assert [one.to_email for one in sent if one.notification_id == CARDIFF.notification] == [
        "lea.new@example.org"
    ]
    assert reason == "done"


async def test_where_temporal_is_away_an_address_with_emails_waiting_is_not_changed(
    calling: Caller, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(
            notifications.update().values(
                state="withheld", reason="suppressed", recipient_id="con_lead"
            )
        )
    path = f"/api/v1/members/{CARDIFF.member}/contacts/{CARDIFF.contact}"
    answer = await calling("manager").patch(path, json={"email": "lea.new@example.org"})
    assert answer.status_code == 503
    member = (await calling("manager").get(f"/api/v1/members/{CARDIFF.member}")).json()
    assert "con_lead@example.org" in [one["email"] for one in member["contacts"]]
