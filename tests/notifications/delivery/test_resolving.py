"""A user's decision about an email in trouble: nothing is sent again without one."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.inputs import RedeliverInput
from notifications.delivery.ledger import STATES, advance
from notifications.delivery.resolving import (
    CHOICES,
    NotPossible,
    UserDecision,
    begin_round,
    check,
    settle,
)
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from notifications.senders.protocol import Permanent, Transient, Unknown
from storage.database import Database
from storage.queries.access import Visibility
from storage.queries.timeline import timeline
from storage.sql import events, notifications
from tests.notifications.digests.test_digests import plan
from tests.notifications.digests.test_digests import post as digest_post
from tests.notifications.office import NOW, Post, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

REMIND = record(1, reminder(), tasks=(task(),))
MANAGER = "per_manager"
KEY = ("research.reminder", MANAGER)
WAIT = timedelta(hours=2)
BY = UserDecision("per_manager")


async def trouble(database: Database, sender: Scripted) -> tuple[Post, str]:
    """A post whose one email met what the sender's script says; the email's id."""
    post = Post(database, sender)
    await post.write(REMIND)
    await post.deliver(REMIND)
    async with database.reading() as session:
        return post, str((await session.execute(select(notifications.c.id))).scalar_one())


async def again(post: Post, id: str, number: int = 1) -> None:
    await post.courier.redeliver(RedeliverInput(id, number, "per_manager"))


async def said(database: Database) -> list[Mapping[str, str]]:
    """What is on the timeline about resolutions, the newest first."""
    async with database.reading() as session:
        page = await timeline(session, "eng_1")
    return [row.data for row in page.rows if row.kind == "notification.resolved"]


class TestCheck:
    def test_each_state_allows_only_its_own_decisions(self) -> None:
        for state in STATES:
            for choice in ("arrived", "send_again", "dismiss"):
                allowed = choice in CHOICES.get(state, ())
                given = {"state": state, "resolution": "", "since": NOW, "now": NOW + WAIT}
                if allowed:
                    check(choice, **given, wait=WAIT)  # type: ignore[arg-type]
                    continue
                with pytest.raises(NotPossible) as raised:
                    check(choice, **given, wait=WAIT)  # type: ignore[arg-type]
                assert raised.value.choices == CHOICES.get(state, ())

    def test_an_email_that_may_still_be_reported_is_not_sent_again(self) -> None:
        early = NOW + WAIT - timedelta(seconds=1)
        with pytest.raises(NotPossible) as raised:
            check("send_again", state="unknown", resolution="", since=NOW, now=early, wait=WAIT)
        assert raised.value.wait_until == NOW + WAIT
        assert raised.value.choices == ("arrived", "dismiss")
        check("arrived", state="unknown", resolution="", since=NOW, now=early, wait=WAIT)

    def test_a_resolved_email_is_no_longer_trouble(self) -> None:
        with pytest.raises(NotPossible):
            check("dismiss", state="bounced", resolution="dismiss", since=NOW, now=NOW, wait=WAIT)


class TestSettle:
    async def test_it_arrived(self, database: Database) -> None:
        post, id = await trouble(database, Scripted([Unknown("sendgrid_no_answer")]))
        async with database.transaction() as session:
            await settle(session, id, "arrived", UserDecision("per_manager", "txt_reason"), NOW)
        assert await post.states() == {KEY: ("delivered", "said_by_person")}
        assert await said(database) == [
            {"choice": "arrived", "email": "research.reminder", "state": "unknown"}
        ]

    async def test_it_is_dismissed(self, database: Database) -> None:
        post, id = await trouble(database, Scripted([Permanent("smtp_550")]))
        async with database.transaction() as session:
            await settle(session, id, "dismiss", BY, NOW)
        assert await post.states() == {KEY: ("failed", "smtp_550")}
        with pytest.raises(NotPossible):
            async with database.transaction() as session:
                await settle(session, id, "dismiss", BY, NOW)
        assert len(await said(database)) == 1


class TestSendAgain:
    async def test_a_new_round_sends_it_once_however_often_it_is_tried(
        self, database: Database
    ) -> None:
        sender = Scripted([Unknown("sendgrid_no_answer")])
        post, id = await trouble(database, sender)
        for _ in range(3):
            await again(post, id)
        assert len(sender.taken) == 1
        assert await post.states() == {KEY: ("accepted", "")}
        assert await post.outcomes() == ["unknown", "accepted"]
        assert [one["choice"] for one in await said(database)] == ["send_again"]

    async def test_it_waits_for_a_sender_that_is_down(self, database: Database) -> None:
        sender = Scripted([Permanent("sendgrid_400"), Transient("sendgrid_503")])
        post, id = await trouble(database, sender)
        with pytest.raises(ApplicationError, match="1 of 1 emails have to wait: sendgrid_503"):
            await again(post, id)
        await again(post, id)
        assert await post.states() == {KEY: ("accepted", "")}
        assert len(await said(database)) == 1

    async def test_an_outdated_email_is_withheld_this_time(self, database: Database) -> None:
        sender = Scripted([Permanent("sendgrid_400")])
        post, id = await trouble(database, sender)
        await post.write(record(2, stage="scope"))
        await again(post, id)
        assert sender.taken == []
        assert await post.states() == {KEY: ("withheld", "done")}

    async def test_each_round_needs_its_own_decision(self, database: Database) -> None:
        sender = Scripted([Permanent("smtp_550"), Permanent("smtp_550")])
        post, id = await trouble(database, sender)
        await again(post, id)
        await again(post, id)
        assert await post.states() == {KEY: ("failed", "smtp_550")}
        assert await post.outcomes() == ["permanent", "permanent"]
        await again(post, id, 2)
        assert await post.states() == {KEY: ("accepted", "")}

    async def test_an_email_that_was_settled_meanwhile_is_not_sent(
        self, database: Database
    ) -> None:
        sender = Scripted([Unknown("sendgrid_no_answer")])
        post, id = await trouble(database, sender)
        async with database.transaction() as session:
            await settle(session, id, "arrived", BY, NOW)
        await again(post, id)
        assert sender.taken == []
        assert await post.states() == {KEY: ("delivered", "said_by_person")}

    async def test_a_delivered_email_is_never_sent_again(self, database: Database) -> None:
        _, id = await trouble(database, Scripted())
        for state in set(STATES) - {"unknown", "failed", "bounced", "dropped"}:
            async with database.transaction() as session:
                await session.execute(update(notifications).values(state=state))
            async with database.transaction() as session:
                assert await begin_round(session, id, 1, BY, NOW) is None
        assert await said(database) == []


class TestASummary:
    async def bounced(self, database: Database) -> tuple[Post, str]:
        """A manager's weekly list that bounced."""
        post = Post(database)
        await post.write(REMIND)
        id = next(iter(await plan(database, "manager")))
        await digest_post(database).send(id, None)
        async with database.transaction() as session:
            assert await advance(session, id, "bounced", "bounce_5.1.1", NOW)
        return post, id

    async def test_sent_again_it_says_what_is_true_now(self, database: Database) -> None:
        post, id = await self.bounced(database)
        later = record(2, reminder("triage/late"), tasks=(task(due_at=NOW),))
        await post.write(later)
        sender = Scripted()
        anew = Post(database, sender)
        for _ in range(3):
            await again(anew, id)
        [email] = sender.taken
        assert (email.kind, email.notification_id) == ("digest.manager", id)
        assert "by Monday 11 January 2027" in email.text
        assert (await post.states())["digest.manager", MANAGER] == ("accepted", "")

    async def test_an_empty_summary_is_withheld(self, database: Database) -> None:
        post, id = await self.bounced(database)
        await post.write(record(2, stage="scope"))
        await again(post, id)
        assert (await post.states())["digest.manager", MANAGER] == ("withheld", "nothing_to_say")

    async def test_a_decision_about_a_summary_is_in_the_offices_audit_trail(
        self, database: Database
    ) -> None:
        _, id = await self.bounced(database)
        async with database.transaction() as session:
            await settle(session, id, "dismiss", BY, NOW)
        async with database.reading() as session:
            row = (await session.execute(select(events).where(events.c.item_id == id))).one()
        assert (row.kind, row.engagement_id, row.actor) == ("notification.resolved", None, MANAGER)
        assert row.data["email"] == "digest.manager"

    async def test_it_is_shown_and_explained(self, database: Database) -> None:
        _, id = await self.bounced(database)
        async with database.reading() as session:
            evidence = await read_evidence(session, id)
            unseen = await read_evidence(session, id, visible_to=Visibility("mem_1"))
        assert evidence is not None
        assert unseen is None
        text = "\n".join(explain(evidence).sentences)
        assert "The email 'Weekly list' to Mair Evans bounced. There is no such address" in text
        assert "asks for this summary: 'Weekly list', for 2027-W02." in text
