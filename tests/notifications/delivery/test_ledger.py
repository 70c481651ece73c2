"""The ledger: one row per key, one email per row, and no step back in any order of attempts."""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from notifications.delivery import ledger
from notifications.delivery.ledger import MOVES, STATES
from notifications.delivery.reserving import of_record, reserve
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Permanent, Transient, Unknown
from programmes.facts import Notice
from storage.database import Database
from storage.sql import notifications
from tests.databases import count_statements, migrated_sqlite, opened
from tests.notifications.office import NOW, Post, office, record, reminder, task
from tests.notifications.scripted import Killed, Scripted
from tests.storage.fixtures import database_url as database_url

REMIND = record(1, reminder("triage/early", "manager", "lead"), tasks=(task(),))


class TestReserve:
    async def test_each_recipient_of_each_notice_gets_one_row(self, database: Database) -> None:
        post = Post(database)
        notices = (
            Notice("research.received", ("member",), rung="#1"),
            Notice("research.new", ("manager",), rung="#1", task="triage", revision=1),
        )
        assert await post.write(record(1, *notices, tasks=(task(),))) == [3]
        assert set((await post.states()).values()) == {("reserved", "")}

    async def test_a_recipient_behind_two_selectors_gets_one_row(self, database: Database) -> None:
        post = Post(database)
        twice = Notice("research.received", ("lead", "member", "con_lead", "team", "manager"))
        assert await post.write(record(1, twice)) == [4]

    async def test_a_repeated_record_reserves_nothing_new_and_answers_the_same(
        self, database: Database
    ) -> None:
        post = Post(database)
        assert await post.write(REMIND, REMIND, REMIND) == [2, 2, 2]
        assert len(await post.states()) == 2

    async def test_the_row_notes_the_recipients_selectors(self, database: Database) -> None:
        await Post(database).write(record(1, reminder("r", "lead", "member", "team")))
        async with database.reading() as session:
            rows = await session.execute(
                select(notifications.c.recipient_id, notifications.c.selector)
            )
            found = {row.recipient_id: row.selector for row in rows}
        assert found["con_lead"] == "lead,member"
        assert found["con_second"] == "member"
        assert found["per_manager"] == "team"

    async def test_the_same_notice_in_a_later_record_takes_over_the_row_while_it_waits(
        self, database: Database
    ) -> None:
        post = Post(database)
        notice = reminder()
        first, second, third = (record(n, notice, tasks=(task(),)) for n in (1, 2, 3))
        assert await post.write(first, second) == [1, 1]
        await post.deliver(first)
        assert await post.mails() == []
        await post.deliver(second)
        assert len(await post.mails()) == 1
        assert await post.write(third) == [0]

    async def test_a_new_revision_or_another_rung_is_another_email(
        self, database: Database
    ) -> None:
        post = Post(database)
        notices = [
            reminder(rung, revision=revision)
            for rung, revision in product(("early", "late"), (1, 2))
        ]
        written = [record(n, notice, tasks=(task(),)) for n, notice in enumerate(notices, 1)]
        assert await post.write(*written) == [1, 1, 1, 1]

    async def test_a_notice_without_a_recipient_is_stored_as_withheld(
        self, database: Database
    ) -> None:
        post = Post(database)
        gone = Notice("research.received", ("con_gone", "per_unheard_of"))
        assert await post.write(record(1, gone)) == [0]
        assert await post.states() == {
            ("research.received", "nobody"): ("withheld", "no_recipient")
        }

    async def test_it_takes_five_statements_however_many_notices(self, database: Database) -> None:
        post = Post(database)
        await post.write(record(1, tasks=(task(),)))
        many = record(2, *(reminder(f"r{n}", "team", "member") for n in range(20)))
        with count_statements(database) as seen:
            async with database.transaction() as session:
                assert await reserve(session, many, NOW) == 80
        assert len(seen) == 5


class TestAdvance:
    async def test_a_state_never_goes_back(self, database: Database) -> None:
        post = Post(database)
        await post.write(record(1, reminder(), tasks=(task(),)))
        for before, after in product(STATES, STATES[1:]):
            async with database.transaction() as session:
                await session.execute(update(notifications).values(state=before, reason=""))
                [row] = await of_record(session, "itm_1", 1)
                moved = await ledger.advance(session, row, after, "why", NOW)
            allowed = after in MOVES[before]
            assert moved is allowed
            assert await post.states() == {
                ("research.reminder", "per_manager"): (after, "why") if allowed else (before, "")
            }
            assert not (allowed and before in ("failed", "withheld", "bounced", "dropped"))


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver: how its first hand-overs end."""

    ends: tuple[str, ...]


attempts = st.builds(
    Attempt,
    st.lists(
        st.sampled_from(
            ["accept", "transient", "killed before", "killed after", "permanent", "unknown"]
        ),
        max_size=2,
    ).map(tuple),
)
steps = st.lists(
    st.one_of(attempts, st.sampled_from(["write", "done", "moved"])), min_size=1, max_size=7
)
few = settings(max_examples=15, deadline=None)


class Erratic(Mailbox):
    """The mailbox, with a worker around it that dies, and a network that fails."""

    def __init__(self, database: Database, ends: Sequence[str]) -> None:
        super().__init__(database, lambda: NOW)
        self._ends = list(ends)

    async def send(self, email: Email) -> Accepted:
        match self._ends.pop(0) if self._ends else "accept":
            case "transient":
                raise Transient("mailbox_unreachable")
            case "killed before":
                raise Killed
            case "permanent":
                raise Permanent("not_an_email")
            case "unknown":
                raise Unknown("interrupted")
            case "killed after":
                await super().send(email)
                raise Killed
        return await super().send(email)


class Deaf(Scripted):
    """The same for a sender that can never tell what became of an attempt."""

    _KINDS: ClassVar[dict[str, BaseException]] = {
        "transient": Transient("smtp_unreachable"),
        "killed before": Killed(),
        "killed after": Killed(),
        "permanent": Permanent("smtp_550"),
        "unknown": Unknown("smtp_cut_off"),
    }

    def __init__(self, ends: Sequence[str]) -> None:
        super().__init__()
        self._ends = list(ends)

    async def send(self, email: Email) -> Accepted:
        end = self._ends.pop(0) if self._ends else "accept"
        if end in ("accept", "killed after", "unknown"):
            self.taken.append(email)
        if end in self._KINDS:
            raise self._KINDS[end]
        return Accepted("deaf")


async def _attempt(post: Post) -> None:
    with contextlib.suppress(Killed, ApplicationError):
        await post.deliver(REMIND)


async def _step(post: Post, step: str, sequence: int) -> None:
    match step:
        case "write":
            await post.write(REMIND)
        case "done":
            await post.write(record(sequence, stage="scope", tasks=()))
        case "moved":
            await post.write(record(sequence, tasks=(task(revision=sequence),)))


_ORDER = {"reserved": 0, "claimed": 1, "unknown": 2, "accepted": 3, "failed": 3, "withheld": 3}


async def _play(url: str, steps: Sequence[Attempt | str], *, deaf: bool) -> None:
    async with opened(url) as database:
        async with database.transaction() as session:
            await office().write(session)
        await Post(database).write(REMIND)
        taken: list[str] = []
        before = dict.fromkeys(await Post(database).states(), "reserved")
        for sequence, step in enumerate([*steps, Attempt(())], 2):
            if isinstance(step, Attempt):
                sender = Deaf(step.ends) if deaf else Erratic(database, step.ends)
                await _attempt(Post(database, sender))
                if isinstance(sender, Deaf):
                    taken += [email.notification_id for email in sender.taken]
            else:
                await _step(Post(database), step, sequence)
            now = {key: state for key, (state, _) in (await Post(database).states()).items()}
            assert all(_ORDER[now[key]] >= _ORDER[before[key]] for key in before)
            before = now
        if not deaf:
            taken = [mail.notification_id for mail in await Post(database).mails()]
        assert len(taken) == len(set(taken)), "an email went out twice"
        async with database.reading() as session:
            rows = await session.execute(select(notifications.c.id, notifications.c.state))
            states = {row.id: row.state for row in rows}
        # The last attempt met no trouble, so nothing is left to do, and nothing is in between.
        assert set(states.values()) <= {"accepted", "withheld", "failed", "unknown"}
        assert {id for id, state in states.items() if state == "accepted"} <= set(taken)
        if not deaf:
            assert not {id for id, state in states.items() if state == "withheld"} & set(taken)


class TestAnyOrderOfAttempts:
    @few
    @given(steps=steps)
    def test_the_mailbox_gets_each_email_once_or_the_ledger_says_why_not(
        self, steps: list[Attempt | str]
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = migrated_sqlite(Path(folder) / "milepost.db")
            asyncio.run(_play(url, steps, deaf=False))

    @few
    @given(steps=steps)
    def test_a_sender_that_cannot_tell_never_gets_an_email_twice(
        self, steps: list[Attempt | str]
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = migrated_sqlite(Path(folder) / "milepost.db")
            asyncio.run(_play(url, steps, deaf=True))


class TestTwoAttemptsAtOnce:
    async def test_both_together_send_one_email(self, database: Database) -> None:
        """An attempt that has timed out goes on after another one has begun."""
        post = Post(database)
        await post.write(REMIND)
        await asyncio.gather(*(Post(database).deliver(REMIND) for _ in range(4)))
        assert len(await post.mails()) == 2
        assert {state for state, _ in (await post.states()).values()} == {"accepted"}

    async def test_a_sender_that_cannot_tell_gets_it_once(self, database: Database) -> None:
        sender = Scripted()
        await Post(database).write(REMIND)
        await asyncio.gather(*(Post(database, sender).deliver(REMIND) for _ in range(4)))
        assert len({email.notification_id for email in sender.taken}) == len(sender.taken) == 2

    async def test_an_email_that_a_slow_attempt_may_still_send_is_not_withheld(
        self, database: Database
    ) -> None:
        """The task closes between the two: either the email is there and accepted, or neither."""
        on_its_way, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Mailbox):
            async def send(self, email: Email) -> Accepted:
                on_its_way.set()
                await go_on.wait()
                return await super().send(email)

        slow = Post(database, Slow(database, lambda: NOW))
        await slow.write(record(1, reminder(), tasks=(task(),)))
        delivering = asyncio.create_task(slow.deliver(REMIND))
        await asyncio.wait_for(on_its_way.wait(), 100)
        quick = Post(database)
        await quick.write(record(2, stage="scope"))
        await quick.deliver(REMIND)
        go_on.set()
        await delivering
        assert await quick.mails() == []
        assert await quick.states() == {("research.reminder", "per_manager"): ("withheld", "done")}
        assert await quick.outcomes() == ["transient"]

    async def test_an_email_that_a_slow_attempt_has_sent_is_found_and_not_withheld(
        self, database: Database
    ) -> None:
        delivered, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Mailbox):
            async def send(self, email: Email) -> Accepted:
                accepted = await super().send(email)
                delivered.set()
                await go_on.wait()
                return accepted

        slow = Post(database, Slow(database, lambda: NOW))
        await slow.write(record(1, reminder(), tasks=(task(),)))
        delivering = asyncio.create_task(slow.deliver(REMIND))
        await asyncio.wait_for(delivered.wait(), 100)
        quick = Post(database)
        await quick.write(record(2, stage="scope"))
        await quick.deliver(REMIND)
        go_on.set()
        await delivering
        assert len(await quick.mails()) == 1
        assert await quick.states() == {("research.reminder", "per_manager"): ("accepted", "")}

    async def test_an_overtaken_attempts_own_answer_counts(self, database: Database) -> None:
        """A sender that cannot tell leaves it unknown, until the slow answer says what it was."""
        on_its_way, go_on = asyncio.Event(), asyncio.Event()

        class Slow(Scripted):
            async def send(self, email: Email) -> Accepted:
                on_its_way.set()
                await go_on.wait()
                return await super().send(email)

        slow = Post(database, Slow())
        await slow.write(record(1, reminder(), tasks=(task(),)))
        delivering = asyncio.create_task(slow.deliver(REMIND))
        await asyncio.wait_for(on_its_way.wait(), 100)
        quick = Post(database, Scripted())
        await quick.deliver(REMIND)
        assert await quick.states() == {
            ("research.reminder", "per_manager"): ("unknown", "interrupted")
        }
        go_on.set()
        await delivering
        assert await quick.states() == {("research.reminder", "per_manager"): ("accepted", "")}
        assert await quick.outcomes() == ["accepted"]
