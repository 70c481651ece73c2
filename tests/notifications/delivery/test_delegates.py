"""Absent recipients and their delegates: one person is told, and none twice."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from notifications.senders.protocol import Transient
from programmes.facts import Notice
from storage.database import Database
from storage.master.checks import NewChoices
from storage.master.choices import set_choices
from storage.master.suppressions import suppress
from storage.sql import choices, contacts, suppressions
from tests.databases import migrated_sqlite
from tests.notifications.delivery.test_recipient import (
    RECEIVED,
    TO_LEAD,
    away,
    choose,
    opening,
    row_of,
)
from tests.notifications.fixtures import on_both
from tests.notifications.office import NOW, Post, office, record, reminder, task
from tests.notifications.scripted import Scripted

LEAD, SECOND, THIRD = "con_lead", "con_second", "con_third"
PEOPLE = (LEAD, SECOND, THIRD)


async def told(database: Database, *notices: Notice) -> list[str]:
    """Who got the emails of a record, in order."""
    post, sent = Post(database), opening(*notices)
    await post.write(sent)
    await post.deliver(sent)
    return [mail.to_email.partition("@")[0] for mail in await post.mails()]


async def bounced(database: Database, holder: str) -> None:
    async with database.transaction() as session:
        await suppress(session, NOW, f"{holder}@example.org", reason="bounced")


class TestOnePersonIsTold:
    async def test_two_who_cover_for_each_other_are_both_told(self, database: Database) -> None:
        await choose(database, LEAD, **away(SECOND))
        await choose(database, SECOND, **away(LEAD))
        assert sorted(await told(database, RECEIVED)) == [LEAD, SECOND]

    async def test_the_recipient_is_told_if_the_delegates_own_email_is_withheld(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, **away(SECOND))
        await bounced(database, SECOND)
        assert await told(database, RECEIVED) == [LEAD]
        assert (await row_of(database, SECOND)).reason == "suppressed"

    async def test_the_recipient_is_told_if_the_delegate_leaves_first(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, **away(SECOND))
        post, sent = Post(database), opening(RECEIVED)
        await post.write(sent)
        async with database.transaction() as session:
            left = contacts.update().where(contacts.c.id == SECOND).values(active=False)
            await session.execute(left)
        await post.deliver(sent)
        assert [mail.to_email for mail in await post.mails()] == ["con_lead@example.org"]

    @on_both
    async def test_the_recipient_is_told_if_the_delegate_is_away_too(
        self, database: Database
    ) -> None:
        await _add_third(database)
        await choose(database, LEAD, **away(SECOND))
        await choose(database, SECOND, **away(THIRD))
        assert await told(database, TO_LEAD) == [LEAD]

    async def test_an_absent_delegate_is_told_only_if_the_recipient_is_unreachable(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, **away(SECOND))
        await choose(database, SECOND, **away(LEAD))
        await bounced(database, LEAD)
        assert await told(database, TO_LEAD) == [SECOND]

    async def test_a_delegate_with_collected_reminders_gets_the_others_reminder(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, **away(SECOND))
        await choose(database, SECOND, reminders="digest")
        assert await told(database, reminder("triage/early", "member")) == [SECOND]
        assert (await row_of(database, SECOND)).reason == "in_digest"

    async def test_an_absent_recipients_reminder_goes_to_the_delegate_uncollected(
        self, database: Database
    ) -> None:
        await choose(database, LEAD, **away(SECOND, reminders="digest"))
        assert await told(database, TO_LEAD) == [SECOND]


class TestARecipientIsToldOnce:
    async def test_a_delegate_does_not_get_the_same_email_again_as_their_own(
        self, database: Database
    ) -> None:
        """Their own email failed, the colleague's reached them, and a user retries the first."""
        await choose(database, LEAD, **away(SECOND))
        sender = Scripted([Transient("smtp_unreachable")])
        post, sent = Post(database, sender), opening(RECEIVED)
        await post.write(sent)
        with pytest.raises(ApplicationError, match="same_under_way, smtp_unreachable"):
            await post.deliver(sent)
        assert (await row_of(database, LEAD)).state == "reserved"
        await post.deliver(sent)
        assert [email.to_email for email in sender.taken] == ["con_second@example.org"]
        assert (await row_of(database, LEAD)).reason == "delegate_told"

    async def test_one_delegate_of_two_recipients_is_told_once(self, database: Database) -> None:
        await _add_third(database)
        await choose(database, LEAD, **away(THIRD))
        await choose(database, SECOND, **away(THIRD))
        assert await told(database, reminder("triage/early", "lead", SECOND)) == [THIRD]


async def _add_third(database: Database) -> None:
    """A third contact of the same member."""
    async with database.transaction() as session:
        row = (
            (await session.execute(contacts.select().where(contacts.c.id == SECOND)))
            .one()
            ._asdict()
        )
        third = row | {"id": THIRD, "name": "Tess Young", "email": f"{THIRD}@example.org"}
        await session.execute(contacts.insert().values(third))


@dataclass(frozen=True)
class Life:
    """One person's state: their delegate, if they are away."""

    active: bool = True
    bounces: bool = False
    stand_in: str | None = None


def lives() -> st.SearchStrategy[tuple[Life, ...]]:
    def life(id: str) -> st.SearchStrategy[Life]:
        others = [other for other in PEOPLE if other != id]
        often = [True, True, True, False]
        return st.builds(
            Life,
            active=st.sampled_from(often),
            bounces=st.sampled_from(often).map(lambda it: not it),
            stand_in=st.sampled_from([None, *others]),
        )

    return st.tuples(*(life(id) for id in PEOPLE))


AIDE = Life(stand_in=SECOND), Life(), Life()
EACH_OTHER = Life(stand_in=SECOND), Life(stand_in=LEAD), Life()
BOUNCES = Life(stand_in=SECOND), Life(bounces=True), Life()
LEFT = Life(stand_in=SECOND), Life(active=False), Life()
ROUND = Life(stand_in=SECOND), Life(stand_in=THIRD), Life(stand_in=LEAD)
several = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Town:
    """One office for all examples of a test; each example is an item of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.items = 0

    async def tell(self, lives: Sequence[tuple[Life, ...]], script: Sequence[bool]) -> list[str]:
        """Send a record once per state of affairs, over a line that fails as the script says; who
        got it."""
        self.items += 1
        database = Database(self.url)
        try:
            sender = Scripted([None if well else Transient("smtp_unreachable") for well in script])
            post = Post(database, sender)
            sent = record(
                1,
                Notice("research.received", ("member",), rung="#1"),
                item=f"itm_{self.items}",
                key=str(self.items),
                tasks=(task(),),
                data={"request": "txt_request"},
            )
            await self._live(database, tuple(Life() for _ in PEOPLE))
            await post.write(sent)
            for each in lives:
                await self._live(database, each)
                try:
                    await post.deliver(sent)
                except ApplicationError:
                    continue
            return [email.to_email.partition("@")[0] for email in sender.taken]
        finally:
            await database.dispose()

    async def _live(self, database: Database, lives: tuple[Life, ...]) -> None:
        both = list(zip(PEOPLE, lives, strict=True))
        active = contacts.update().where(contacts.c.id.in_(PEOPLE))
        gone = [id for id, life in both if not life.active]
        async with database.transaction() as session:
            await session.execute(choices.delete())
            await session.execute(suppressions.delete())
            await session.execute(active.values(active=True))
            for id, life in both:
                if life.stand_in:
                    given = NewChoices(**away(life.stand_in))
                    await set_choices(session, id, NOW, id, given)
                if life.bounces:
                    await suppress(session, NOW, f"{id}@example.org", reason="bounced")
            await session.execute(active.where(contacts.c.id.in_(gone)).values(active=False))


@pytest.fixture
def town() -> Iterator[Town]:
    async def fill(url: str) -> None:
        database = Database(url)
        async with database.transaction() as session:
            await office().write(session)
        await _add_third(database)
        await database.dispose()

    with tempfile.TemporaryDirectory() as folder:
        url = migrated_sqlite(Path(folder) / "milepost.db")
        asyncio.run(fill(url))
        yield Town(url)


@several
@given(lives=lives())
@example(lives=AIDE)
@example(lives=EACH_OTHER)
@example(lives=BOUNCES)
@example(lives=LEFT)
@example(lives=ROUND)
def test_every_notice_reaches_a_reachable_person_and_no_person_twice(
    town: Town, lives: tuple[Life, ...]
) -> None:
    got = Counter(asyncio.run(town.tell([lives], [])))
    assert set(got.values()) <= {1}
    if any(one.active and not one.bounces for one in lives):
        assert got
    gone = {id for id, one in zip(PEOPLE, lives, strict=True) if not one.active or one.bounces}
    assert not gone & set(got)


@several
@given(
    lives=st.lists(lives(), min_size=2, max_size=4),
    script=st.lists(st.booleans(), max_size=6),
)
@example(lives=[AIDE, EACH_OTHER, LEFT], script=[False, False, True, False])
def test_no_person_is_told_twice_while_choices_change_and_sending_fails(
    town: Town, lives: list[tuple[Life, ...]], script: list[bool]
) -> None:
    assert set(Counter(asyncio.run(town.tell(lives, script))).values()) <= {1}
