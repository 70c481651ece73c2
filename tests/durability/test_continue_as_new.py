"""Continue-as-new with open children, on a real server that suggests it early."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.durability.acts import (
    finish_onboarding,
    item_progress_of,
    progress_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_open,
)
from tests.durability.pace import today
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Engaged
from tests.workflows.stories import LEAD, MANAGER
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import (
    AcceptRequest,
    Answer,
    AnswerQuestion,
    AskMember,
    MoveReview,
    Withdraw,
    WithdrawRequest,
)

pytestmark = pytest.mark.dev_server

EVENTS = 40
"""After so many events the server suggests to continue as new; usually it is 4,096."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    early = {"limit.historyCount.suggestContinueAsNew": str(EVENTS)}
    with dev_server(ATTRIBUTES, dynamic_config=early) as address:
        yield address


async def run_of(engaged: Engaged, workflow_id: str) -> str:
    """The run it is in once nothing is being sent: while something is, it does not begin anew."""
    handle = engaged.office.client.get_workflow_handle(workflow_id)
    runs: list[str] = []

    async def nothing_is_sent() -> bool:
        described = (await handle.describe()).raw_description
        runs.append(described.workflow_execution_info.execution.run_id)
        return not (described.pending_activities or described.HasField("pending_workflow_task"))

    await until(nothing_is_sent, "its emails are sent")
    return runs[-1]


async def test_an_item_continues_as_new_with_all_of_its_state(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    workflow_id = item_workflow_id(engaged.id, "research", request)
    runs = {await run_of(engaged, workflow_id)}
    given: list[str] = []

    async def give(command: object) -> None:
        before = await item_progress_of(engaged, "research", request)
        given.append(f"update-{len(given)}")
        answer = await engaged.item_command("research", request, command, update_id=given[-1])
        runs.add(await run_of(engaged, workflow_id))
        after = await item_progress_of(engaged, "research", request)
        # Nothing but what the command does has changed, whichever run it is that answers.
        assert answer == Answer(request, after.stage, before.sequence + 1)
        assert after.sequence == before.sequence + 1
        assert after.processed == tuple(given)
        assert set(after.revisions) == {"triage", "answer"}
        assert sum(after.revisions.values()) == sum(before.revisions.values()) + 1
        assert after.data == dict(before.data) | {
            name: text for name, text in after.data.items() if text == texts[-1]
        }

    texts = [await engaged.office.text()]
    # The first answer makes the second task known, so that all later ones are alike.
    await engaged.item_command("research", request, AskMember(MANAGER, texts[0]), update_id="ask")
    given.append("ask")
    await engaged.item_command(
        "research", request, AnswerQuestion(LEAD, texts[0]), update_id="answer"
    )
    given.append("answer")
    while len(runs) < 4:
        texts.append(await engaged.office.text())
        await give(AskMember(MANAGER, texts[-1]))
        await give(AnswerQuestion(LEAD, texts[-1]))
        assert len(given) < 40, "it does not continue as new"

    # One that an earlier run took is answered, and changes nothing.
    state = await item_progress_of(engaged, "research", request)
    again = await engaged.item_command(
        "research", request, AskMember(MANAGER, texts[-1]), update_id=given[0]
    )
    assert again == Answer(request, "triage", state.sequence)
    assert await item_progress_of(engaged, "research", request) == state
    row = next(row for row in await engaged.rows("items") if row["id"] == request)
    assert row["stage"] == "triage"

    # And it can be ended, and still reports that to its engagement.
    reason = await engaged.office.text()
    await engaged.item_command("research", request, WithdrawRequest(LEAD, reason))
    assert (await until_closed(engaged, request))["outcome"] == "withdrawn"
    await until_forgotten(engaged, request)


async def test_an_engagement_continues_as_new_while_its_items_are_open_and_goes_on(
    engaged: Engaged,
) -> None:
    await submit_request(engaged)
    workflow_id = engagement_workflow_id(engaged.id)
    runs = {await run_of(engaged, workflow_id)}
    moves = 0
    while len(runs) < 4:
        before = await progress_of(engaged)
        moves += 1
        day = today() + timedelta(days=moves)
        move = MoveReview(MANAGER, "first-mile", day)
        await engaged.command(move, update_id=f"move-{moves}")
        runs.add(await run_of(engaged, workflow_id))
        assert await progress_of(engaged) == replace(
            before,
            sequence=before.sequence + 1,
            moved={"first-mile": day},
            processed=(*before.processed, f"move-{moves}"),
        )
        assert moves < 40, "it does not continue as new"
    assert (await engaged.row())["moved"] == {"first-mile": day.isoformat()}

    # One that an earlier run took is answered, and changes nothing.
    state = await progress_of(engaged)
    again = await engaged.command(MoveReview(MANAGER, "first-mile", day), update_id="move-1")
    assert again == Answer(engaged.id, "onboarding", state.sequence)
    assert await progress_of(engaged) == state

    # Its items, opened by an earlier run, still take commands and report their ends.
    await engaged.item_command("research", "itm_request", AcceptRequest(MANAGER))
    await finish_onboarding(engaged)
    await until_open(engaged, "advice")
    assert set((await progress_of(engaged)).items) == {"itm_request", f"{engaged.id}.advice.1"}

    # Ended, it ends them all, whichever run has opened them.
    await engaged.command(Withdraw(MANAGER, await engaged.office.text()))
    for item_id in ("itm_request", f"{engaged.id}.advice.1"):
        assert (await until_closed(engaged, item_id))["outcome"] == "withdrawn"
    result = engaged.office.client.get_workflow_handle(workflow_id).result()
    assert await asyncio.wait_for(result, 100) == "withdrawn"
    told = [(mail.kind, mail.recipient) for mail in await engaged.office.mails(engaged.id)]
    for once in ("engagement.welcome", "engagement.onboarded", "research.accepted"):
        heard = [who for kind, who in told if kind == once]
        assert len(heard) == len(set(heard)) >= 1


async def test_an_engagement_that_began_anew_closes_items_terminated_meanwhile(
    engaged: Engaged,
) -> None:
    """A child's end is told to the run that started it alone: a later one has to ask."""
    request = await submit_request(engaged)
    await begin_anew(engaged)
    await engaged.item_handle("research", request).terminate("by hand")
    await begin_anew(engaged)
    assert (await until_closed(engaged, request))["outcome"] == "lost"
    await until_forgotten(engaged, request)


async def begin_anew(engaged: Engaged) -> None:
    """Give commands until the engagement has continued as new."""
    workflow_id = engagement_workflow_id(engaged.id)
    first = await run_of(engaged, workflow_id)
    moves = 0
    while await run_of(engaged, workflow_id) == first:
        moves += 1
        assert moves < 40, "it does not continue as new"
        day = today() + timedelta(days=moves)
        await engaged.command(MoveReview(MANAGER, "first-mile", day))
