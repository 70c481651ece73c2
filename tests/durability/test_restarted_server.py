"""A Temporal server that dies with timers pending, and comes back after they were due.

One outage for all of these tests: what it has to bear with is set up before, looked at afterwards.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from embedded.temporal_server import DevServer
from programmes.rules import LadderRule, Rules, RungRule, Says
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.acts import finish_onboarding, onboarding_of, until_open
from tests.durability.pace import AHEAD_SECONDS, TOUR, quiet_rules, settle, today
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import temporal_cli
from tests.workflows.office import Engaged, Mail, Office, open_office
from tests.workflows.stories import LEAD, MANAGER
from workflows.messages import CompleteStep, MoveDeadline

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

TRIED_SECONDS = (8, 30, 80)
"""When the first rungs fall due after their task has opened. All is set up before: the next one is
tried where a busy machine takes longer."""

RUNGS_LAST_SECONDS = 2

HELLO = "step:hello"
SAYS: tuple[Says, ...] = ("reminder", "overdue", "escalation")


def rung(name: str, before: int, to: str, says: Says) -> RungRule:
    """A rung that falls due that many seconds before its task."""
    return RungRule(name, f"-{before}s", (to,), says)


LONE = LadderRule((rung("early", AHEAD_SECONDS, "owner", "reminder"),), "60min")
"""What it reminds of is still to come when the server is back."""
WHOLE = LadderRule(
    (
        rung("early", RUNGS_LAST_SECONDS, "owner", "reminder"),
        rung("late", RUNGS_LAST_SECONDS - 1, "owner", "overdue"),
        rung("stuck", 0, "manager", "escalation"),
    ),
    "60min",
)


class TooSlow(Exception):
    """Something fell due before all was set up."""


def rules_with(ladder: LadderRule, first_due: int, *, lasts: int = RUNGS_LAST_SECONDS) -> Rules:
    """The quiet rules, but for the ladder of the onboarding's steps: its first rung lies so many
    seconds before the date."""
    quiet = quiet_rules()
    due = f"{first_due + lasts}s"
    steps = (
        replace(one, stage=replace(one.stage, due=due, ladder="tested")) for one in quiet.onboarding
    )
    return replace(quiet, ladders={**quiet.ladders, "tested": ladder}, onboarding=tuple(steps))


def rules_with_advice(first_due: int) -> Rules:
    """The quiet rules, but the first advice cycle opens while the server is away."""
    quiet = quiet_rules()
    assert quiet.advice is not None
    return replace(quiet, advice=replace(quiet.advice, first=f"{first_due}s"))


@dataclass(frozen=True)
class Seen:
    """What became of one engagement."""

    mails: list[Mail]
    events: list[dict[str, Any]]
    tasks: list[dict[str, Any]]

    def told(self, kind: str) -> int:
        """How many emails of that kind were sent."""
        return len([mail for mail in self.mails if mail.kind == kind])

    def facts(self, kind: str) -> list[dict[str, str]]:
        """The details of all facts of that kind."""
        return [dict(event["data"]) for event in self.events if event["kind"] == kind]


@dataclass(frozen=True)
class Outage:
    """What became of each engagement, and when the server was back."""

    back_at: datetime
    lone: Seen
    whole: Seen
    moved: Seen
    advised: Seen


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Outage:
    """The outage, lived through once."""
    for first_due in TRIED_SECONDS:
        folder = tmp_path_factory.mktemp("outage")
        url = migrated_sqlite(folder / "milepost.db")
        try:
            return asyncio.run(live_through(folder, url, first_due))
        except TooSlow:
            continue
    raise AssertionError("it took too long to set up")


async def live_through(folder: Path, url: str, first_due: int) -> Outage:
    server = DevServer(
        temporal_cli(), database=folder / "temporal.db", search_attributes=ATTRIBUTES
    )
    server.start()
    try:
        server.wait_ready()
        client = await Client.connect(server.address, data_converter=DATA_CONVERTER)
        async with open_office(client, url, programme=TOUR, skipping=False) as office:
            return await bear_with(office, server, first_due)
    finally:
        server.kill()


async def bear_with(office: Office, server: DevServer, first_due: int) -> Outage:
    began_at = datetime.now(UTC)
    advised = await begin(office, 1, rules_with_advice(first_due))
    await finish_onboarding(advised)
    moved = await begin(office, 2, rules_with(LONE, first_due, lasts=AHEAD_SECONDS))
    await act(moved, MoveDeadline(MANAGER, HELLO, today() + timedelta(days=30)))
    lone = await begin(office, 3, rules_with(LONE, first_due, lasts=AHEAD_SECONDS))
    whole = await begin(office, 4, rules_with(WHOLE, first_due))
    server.kill()
    away_at = datetime.now(UTC)
    if away_at >= began_at + timedelta(seconds=first_due - 1):
        raise TooSlow

    last_due_at = away_at + timedelta(seconds=first_due + RUNGS_LAST_SECONDS)

    async def all_is_due() -> bool:
        return datetime.now(UTC) > last_due_at

    await until(all_is_due, "everything has fallen due")
    assert {one.told("onboarding.reminder") for one in [await seen(lone), await seen(whole)]} == {0}

    back_at = datetime.now(UTC)
    server.start()
    await asyncio.to_thread(server.wait_ready)
    await until_told(lone, "onboarding.reminder")
    await until_told(whole, "onboarding.escalation")
    await until_told(advised, "advice.opened")
    # Life goes on: whatever would be told twice is told before the last of these.
    for one in (lone, whole, moved):
        await act(one, CompleteStep(LEAD, "hello"))
        await until_told(one, "onboarding.step_ready")
    return Outage(
        back_at, await seen(lone), await seen(whole), await seen(moved), await seen(advised)
    )


async def begin(office: Office, number: int, rules: Rules) -> Engaged:
    engaged = await office.start(replace(await settle(office, number), rules=rules))
    await until_open(engaged, "onboarding")
    return engaged


async def act(engaged: Engaged, command: object) -> None:
    await engaged.item_command("onboarding", onboarding_of(engaged), command)


async def seen(engaged: Engaged) -> Seen:
    return Seen(
        await engaged.office.mails(engaged.id),
        await engaged.rows("events"),
        await engaged.rows("tasks"),
    )


async def until_told(engaged: Engaged, kind: str) -> None:
    async def told() -> bool:
        return (await seen(engaged)).told(kind) > 0

    await until(told, f"an email: {kind}")


def test_complaint_4_a_reminder_that_fell_due_during_downtime_goes_out_when_it_is_over(
    outage: Outage,
) -> None:
    (reminder,) = [mail for mail in outage.lone.mails if mail.kind == "onboarding.reminder"]
    assert reminder.rung == f"{HELLO}/early"
    assert reminder.at > outage.back_at
    (fired,) = outage.lone.facts("rung.fired")
    assert datetime.fromisoformat(fired["planned"]) < outage.back_at


def test_complaint_8_downtime_fires_no_timer_twice_and_one_that_was_moved_not_at_all(
    outage: Outage,
) -> None:
    assert outage.lone.told("onboarding.reminder") == 1
    assert len(outage.lone.facts("rung.fired")) == 1
    assert outage.moved.told("onboarding.reminder") == 0
    assert outage.moved.facts("rung.fired") == []
    assert outage.moved.told("task.moved") == 1
    (moved,) = outage.moved.facts("deadline.moved")
    assert moved["revision"] == "2"


def test_of_rungs_that_all_fell_due_during_downtime_the_last_is_said_and_the_others_collapse(
    outage: Outage,
) -> None:
    told = {kind: outage.whole.told(f"onboarding.{kind}") for kind in SAYS}
    assert told == {"reminder": 0, "overdue": 0, "escalation": 1}
    assert [fact["rung"] for fact in outage.whole.facts("rung.fired")] == ["stuck"]
    collapsed = [(fact["rung"], fact["into"]) for fact in outage.whole.facts("rung.collapsed")]
    assert collapsed == [("early", "stuck"), ("late", "stuck")]


def test_what_was_to_open_during_downtime_opens_once(outage: Outage) -> None:
    assert outage.advised.told("advice.opened") == 1
    assert len(outage.advised.facts("advice.opened")) == 1
    assert [task["key"] for task in outage.advised.tasks if task["family"] == "advice"] == [
        "propose"
    ]


def test_no_email_was_sent_twice(outage: Outage) -> None:
    for one in (outage.lone, outage.whole, outage.moved, outage.advised):
        told = [(mail.kind, mail.recipient, mail.rung) for mail in one.mails]
        assert len(told) == len(set(told))
