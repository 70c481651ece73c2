"""A database that is away while people and deadlines go on: nothing is lost, nothing doubled."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from temporalio.client import Client

from tests.durability.acts import onboarding_of, submit_request, until_open
from tests.durability.outages import StoppablePostgres, locked
from tests.durability.pace import TOUR, quiet_engagement, reminding_rules
from tests.durability.server import is_in_mid_decision, waits_for_activity
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Office, open_office
from tests.workflows.stories import LEAD, MANAGER
from workflows.ids import item_workflow_id
from workflows.messages import AcceptRequest, Answer, CompleteStep

pytestmark = pytest.mark.dev_server

REMINDED_AFTER_SECONDS = 4
"""Time enough to take the database away first."""


async def meanwhile(engaged: Engaged, request: str) -> "asyncio.Task[Answer]":
    """With the database away: a command is given, and a reminder falls due. Both hang."""
    client = engaged.office.client
    accepting = asyncio.create_task(
        engaged.item_command("research", request, AcceptRequest(MANAGER), update_id="u1")
    )
    at_work = [item_workflow_id(engaged.id, "research", request)]
    await until(lambda: is_in_mid_decision(client, at_work), "the command is taken up")
    reminding = [item_workflow_id(engaged.id, "onboarding", onboarding_of(engaged))]
    await until(lambda: waits_for_activity(client, reminding), "the reminder is to be sent")
    assert not accepting.done()
    return accepting


async def afterwards(engaged: Engaged, request: str, accepting: "asyncio.Task[Answer]") -> None:
    """With the database back: the command is answered, the reminder goes out once."""
    answer = await asyncio.wait_for(accepting, 60)
    assert answer == Answer(request, "scope", 2)
    again = await engaged.item_command("research", request, AcceptRequest(MANAGER), update_id="u1")
    assert again == answer

    async def told() -> Counter[tuple[str, str]]:
        return Counter((m.kind, m.recipient) for m in await engaged.office.mails(engaged.id))

    async def all_told() -> bool:
        kinds = {kind for kind, _ in await told()}
        return {"onboarding.reminder", "research.accepted"} <= kinds

    await until(all_told, "the reminder and the acceptance are sent")
    # Life goes on: a recipient who would be told twice is told before the last of these.
    await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, "hello"))

    async def went_on() -> bool:
        return ("onboarding.step_ready", MANAGER) in await told()

    await until(went_on, "the next step is ready")
    sent = await told()
    assert sent[("onboarding.reminder", LEAD)] == 1
    assert sent[("research.accepted", LEAD)] == 1
    assert max(sent.values()) == 1
    facts = Counter(await engaged.facts())
    assert facts["research.accepted"] == 1
    assert facts["rung.fired"] == 1


async def begun(office: Office) -> tuple[Engaged, str]:
    """An engagement whose onboarding is soon to be reminded of, and a request in triage."""
    engaged = await office.start(quiet_engagement(rules=reminding_rules(REMINDED_AFTER_SECONDS)))
    await until_open(engaged, "onboarding")
    return engaged, await submit_request(engaged)


async def test_with_sqlite_locked_a_command_and_a_reminder_wait_and_happen_once(
    office: Office,
) -> None:
    engaged, request = await begun(office)
    async with locked(office.database):
        accepting = await meanwhile(engaged, request)
    await afterwards(engaged, request, accepting)


@pytest.fixture
def postgres() -> Iterator[StoppablePostgres]:
    server = StoppablePostgres()
    yield server
    server.stop()


@pytest.mark.postgres
async def test_with_postgresql_stopped_a_command_and_a_reminder_wait_and_happen_once(
    client: Client, postgres: StoppablePostgres
) -> None:
    async with open_office(client, postgres.url, programme=TOUR, skipping=False) as office:
        engaged, request = await begun(office)
        await asyncio.to_thread(postgres.go_away)
        accepting = await meanwhile(engaged, request)
        # From this thread: it has to outlive the thread that starts it.
        postgres.come_back()
        await afterwards(engaged, request, accepting)
