"""One notification over HTTP: shown, explained, listed as trouble, and dealt with by a person."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, update

from notifications.digests.planning import reserve_digests
from notifications.words import parsed
from services.permissions import Role
from storage.database import Database, utc_now
from storage.sql import deliveries, engagements, mailbox, notifications
from tests.api.conftest import Caller
from tests.api.live import Live, swift
from tests.api.live import live as live
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CALENDAR, CARDIFF
from tests.storage.office import NOW
from tests.web.test_pages import browser

ONE = f"/api/v1/notifications/{CARDIFF.notification}"
TROUBLES = "/api/v1/me/troubles"


async def becomes(database: Database, **values: Any) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(notifications)
            .where(notifications.c.id == CARDIFF.notification)
            .values(changed_at=NOW - timedelta(hours=3))
            .values(**values)
        )


class TestShow:
    async def test_it_holds_its_attempts_and_what_can_be_said(
        self, database: Database, calling: Caller
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                insert(deliveries).values(
                    notification_id=CARDIFF.notification,
                    sender="sendgrid",
                    at=NOW,
                    outcome="unknown",
                    provider_id="",
                    detail="sendgrid_no_answer",
                    round=0,
                )
            )
        read = (await calling("manager").get(ONE)).json()
        assert read["choices"] == ["arrived", "send_again", "dismiss"]
        assert read["attempts"][0]["reason"] == "SendGrid did not answer in time."
        assert "may have been sent" in read["sentence"]
        assert (await calling("viewer").get(ONE)).json()["choices"] == []

    async def test_it_is_explained_in_sentences_and_facts(self, calling: Caller) -> None:
        read = (await calling("member").get(f"{ONE}/explain")).json()
        assert read["rule"]["programme"] == "inclusive-growth-network"
        assert read["selector"] == "lead"
        assert len(read["sentences"]) >= 5

    @pytest.mark.parametrize(
        ("role", "knows"),
        [("manager", True), ("member", True), ("adviser", False), ("viewer", False)],
    )
    async def test_of_an_absence_the_office_learns_who_stood_in_and_few_learn_how_long(
        self, database: Database, calling: Caller, role: Role, knows: bool
    ) -> None:
        """The member's token is the recipient's own."""
        away = {"absence": {"first": "2027-01-01", "last": "2027-12-31", "delegate": "con_second"}}
        choices = f"/api/v1/members/{CARDIFF.member}/contacts/{CARDIFF.contact}/choices"
        assert (await calling("manager").put(choices, json=away)).status_code == 200
        await becomes(database, told_id="con_second", changed_at=NOW)
        read = (await calling(role).get(f"{ONE}/explain")).json()
        [delegate] = [one for one in read["choices"] if one["what"] == "delegate"]
        assert delegate["until"] == ("2027-12-31" if knows else None)
        assert delegate["who"]
        assert ("is away until" in " ".join(read["sentences"])) is knows
        assert "2027-12-31" in str(read) if knows else "31 December" not in str(read)

    async def test_what_is_not_there_is_404(self, calling: Caller) -> None:
        for path in ("", "/explain"):
            answer = await calling("manager").get(f"/api/v1/notifications/ntf_none{path}")
            assert answer.status_code == 404


class TestTroubles:
    async def test_they_are_there_once_their_time_is_up(
        self, database: Database, calling: Caller
    ) -> None:
        assert (await calling("manager").get(TROUBLES)).json()["items"] == []
        await becomes(database)
        [trouble] = (await calling("manager").get(TROUBLES)).json()["items"]
        assert trouble["notification"] == CARDIFF.notification
        assert trouble["member"]["name"] == "Cardiff"
        assert trouble["resolve"] == f"{ONE}/resolve"

    async def test_one_without_a_recipient_can_be_sent_again_or_dismissed(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database, state="withheld", reason="no_recipient", recipient_id="nobody")
        [trouble] = (await calling("manager").get(TROUBLES)).json()["items"]
        assert (trouble["recipient"], trouble["choices"]) == (None, ["send_again", "dismiss"])
        assert "to an unfilled role was not sent. The role has no holder." in trouble["sentence"]
        again = await calling("manager").post(f"{ONE}/resolve", json={"choice": "send_again"})
        # It may be, and finds that Temporal is not there.
        assert again.status_code == 503
        rest = await calling("manager").post(f"{ONE}/resolve", json={"choice": "dismiss"})
        assert (rest.status_code, rest.json()["state"]) == (200, "withheld")
        assert (await calling("manager").get(TROUBLES)).json()["items"] == []

    async def test_one_that_never_left_can_be_sent_now_or_left(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database, state="reserved", reason="")
        assert (await calling("manager").get(TROUBLES)).json()["items"] == []
        await becomes(database, changed_at=NOW - timedelta(days=3))
        [trouble] = (await calling("manager").get(TROUBLES)).json()["items"]
        assert trouble["choices"] == ["send_again", "dismiss"]
        assert "It should have left long ago" in trouble["sentence"]
        shown = (await calling("manager").get(ONE)).json()
        assert shown["choices"] == ["send_again", "dismiss"]
        assert shown["reason"] in trouble["sentence"]
        rest = await calling("manager").post(f"{ONE}/resolve", json={"choice": "dismiss"})
        assert (rest.status_code, rest.json()["state"]) == (200, "withheld")
        assert (await calling("manager").get(TROUBLES)).json()["items"] == []

    async def test_one_that_the_sender_keeps_waiting_is_there_and_the_board_says_so(
        self, app: FastAPI, database: Database, calling: Caller
    ) -> None:
        refused: dict[str, Any] = {"outcome": "transient", "detail": "sendgrid_401", "round": 0}
        await becomes(database, state="claimed", reason="", changed_at=NOW)
        async with database.transaction() as session:
            for minutes in (20, 15, 10):
                await session.execute(
                    insert(deliveries).values(
                        notification_id=CARDIFF.notification,
                        sender="sendgrid",
                        at=NOW - timedelta(minutes=minutes),
                        provider_id="",
                        **refused,
                    )
                )
        manager = calling("manager")
        [trouble] = (await manager.get(TROUBLES)).json()["items"]
        assert trouble["choices"] == []
        assert "SendGrid refused our key. Check MILEPOST_SENDGRID_API_KEY." in trouble["sentence"]
        assert trouble["since"] == (NOW - timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
        assert (await manager.get(ONE)).json()["reason"] in trouble["sentence"]
        for choice in ("send_again", "dismiss"):
            answer = await manager.post(f"{ONE}/resolve", json={"choice": choice})
            assert answer.status_code == 409
            assert "is retried every few minutes" in answer.json()["detail"]
        async with browser(app) as here:
            assert "1 email needs a manager’s attention" in (await here.get("/")).text

    async def test_one_that_was_withheld_because_it_was_not_true_is_none(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database, state="withheld", reason="done")
        assert (await calling("manager").get(TROUBLES)).json()["items"] == []
        rest = await calling("manager").post(f"{ONE}/resolve", json={"choice": "dismiss"})
        assert rest.status_code == 409

    async def test_a_summary_in_trouble_has_no_engagement(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(
            database,
            state="bounced",
            engagement_id=None,
            kind="digest.member",
            item_id="inclusive-growth-network.digest.member",
        )
        [trouble] = (await calling("manager").get(TROUBLES)).json()["items"]
        assert (trouble["engagement"], trouble["item"]) == (None, None)
        assert trouble["member"]["name"] == "Cardiff"
        assert "Monthly summary" in trouble["sentence"]

    async def test_the_board_counts_them(self, app: FastAPI, database: Database) -> None:
        async with browser(app) as here:
            assert "a manager’s attention" not in (await here.get("/")).text
            await becomes(database, state="bounced")
            board = (await here.get("/")).text
            assert "1 email needs a manager’s attention" in board
            assert board.count("1 email in trouble") == 1, "beside the engagement that it is of"


class TestResolve:
    async def test_it_arrived(self, database: Database, calling: Caller) -> None:
        await becomes(database)
        manager = calling("manager")
        body = {"choice": "arrived", "note": "She has answered it."}
        answer = await manager.post(f"{ONE}/resolve", json=body)
        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["resolution"]) == ("delivered", "arrived")
        timeline = await manager.get(f"/api/v1/engagements/{CARDIFF.engagement}/timeline")
        entry = next(
            one for one in timeline.json()["items"] if one["kind"] == "notification.resolved"
        )
        assert entry["sentence"].endswith("noted that the email 'Request accepted' had arrived.")
        assert entry["text"] == "She has answered it."
        again = await manager.post(f"{ONE}/resolve", json=body)
        assert again.status_code == 409
        assert "already dealt with it" in again.json()["detail"]

    async def test_the_note_is_for_those_who_may_write_it(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database)
        body = {"choice": "arrived", "note": "Do not call her: she is ill."}
        assert (await calling("manager").post(f"{ONE}/resolve", json=body)).status_code == 200
        path = f"/api/v1/engagements/{CARDIFF.engagement}/timeline"
        for role in ("member", "researcher", "adviser", "viewer"):
            shown = (await calling(role).get(path)).text
            assert "notification.resolved" in shown
            assert "she is ill" not in shown
            assert "she is ill" not in (await calling(role).get(f"{ONE}/explain")).text
        assert "she is ill" in (await calling("manager").get(path)).text

    async def test_what_cannot_be_said_is_refused_with_what_can(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database, state="complained")
        answer = await calling("manager").post(f"{ONE}/resolve", json={"choice": "send_again"})
        assert answer.status_code == 409
        assert "Possible choices: dismiss." in answer.json()["detail"]

    async def test_what_may_still_be_heard_of_is_not_sent_again_yet(self, calling: Caller) -> None:
        answer = await calling("manager").post(f"{ONE}/resolve", json={"choice": "send_again"})
        assert answer.status_code == 409
        assert "Monday 11 January 2027 at 11:00am" in answer.json()["detail"]

    async def test_without_temporal_nothing_is_sent_again_and_nothing_changed(
        self, database: Database, calling: Caller
    ) -> None:
        await becomes(database, state="bounced")
        answer = await calling("manager").post(f"{ONE}/resolve", json={"choice": "send_again"})
        assert answer.status_code == 503
        assert (await calling("manager").get(ONE)).json()["state"] == "bounced"

    async def test_only_a_manager_may(self, calling: Caller) -> None:
        for role in ("member", "researcher", "adviser", "viewer"):
            answer = await calling(role).post(f"{ONE}/resolve", json={"choice": "dismiss"})
            assert answer.status_code == 403

    async def test_a_choice_that_is_none_is_named(self, calling: Caller) -> None:
        answer = await calling("manager").post(f"{ONE}/resolve", json={"choice": "forget"})
        assert answer.status_code == 422


@pytest.mark.dev_server
@pytest.mark.slow
async def test_two_people_who_have_it_sent_again_at_once_cause_one_email(
    live: Live, database: Database
) -> None:
    async with database.transaction() as session:
        # The worker's clock is the real one, and it may be night.
        calendar = {**CALENDAR, "always_open": True}
        await session.execute(update(engagements).values(calendar=calendar))
    await becomes(database, state="failed")
    resolve = f"/notifications/{CARDIFF.notification}/resolve"
    answers = await asyncio.gather(
        *(live.post("manager", resolve, {"choice": "send_again"}) for _ in range(2))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    read = await live.until(
        "manager",
        f"/notifications/{CARDIFF.notification}",
        lambda read: read["state"] == "accepted",
    )
    assert (read["round"], len(read["attempts"])) == (1, 1)
    assert await mails(live) == 1
    late = await live.post("manager", resolve, {"choice": "send_again"})
    assert late.status_code == 409


@pytest.mark.dev_server
async def test_a_summary_that_came_back_is_sent_again_with_what_is_true_now(
    live: Live, database: Database
) -> None:
    await live.started()
    async with database.transaction() as session:
        definition = parsed(swift())[0]
        [id] = await reserve_digests(session, definition, "manager", utc_now(), utc_now())
        await session.execute(
            update(notifications).where(notifications.c.id == id).values(state="bounced")
        )
    one = f"/notifications/{id}"
    read = await live.get("manager", one)
    assert (read["engagement"], read["choices"]) == (None, ["send_again", "dismiss"])
    assert (await live.post("viewer", f"{one}/resolve", {"choice": "dismiss"})).status_code == 403
    async with live.calling("member") as member:
        assert (await member.get(one)).status_code == 404
    await live.done("manager", f"{one}/resolve", {"choice": "send_again", "note": "Corrected."})
    await live.until("manager", one, lambda read: read["state"] == "accepted")
    explained = await live.get("manager", f"{one}/explain")
    assert "asks for this summary" in "\n".join(explained["sentences"])
    async with database.reading() as session:
        query = select(mailbox).where(mailbox.c.notification_id == id)
        mail = (await session.execute(query)).one()
    assert "Bristol" in mail.text
    assert (await live.post("manager", f"{one}/resolve", {"choice": "arrived"})).status_code == 409


async def mails(live: Live) -> int:
    """How many emails the mailbox has of it."""
    async with live.database.reading() as session:
        found = await session.execute(
            select(mailbox.c.id).where(mailbox.c.notification_id == CARDIFF.notification)
        )
    return len(found.all())
