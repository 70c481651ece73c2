"""Commands that are repeated, refused or given at once, on a real server."""

import asyncio
from collections.abc import Awaitable
from datetime import date

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from tests.durability.acts import item, item_progress_of, progress_of, submit_request
from tests.durability.pace import quiet_engagement
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import LEAD, MANAGER
from workflows.messages import (
    REFUSED,
    AcceptRequest,
    Answer,
    AssignRequest,
    DeclineRequest,
    MoveReview,
    OpenRequest,
    Withdraw,
)

pytestmark = pytest.mark.dev_server


async def refused(asking: Awaitable[Answer]) -> str:
    """The sentence with which a command is refused."""
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await asking
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == REFUSED
    return cause.message


async def written(engaged: Engaged) -> dict[str, object]:
    """All that the database and the engagement's own workflow say of it."""
    tables = ("events", "items", "tasks", "notifications")
    rows: dict[str, object] = {one: await engaged.rows(one) for one in tables}
    # An email may be on its way; that it was decided on stays.
    rows["notifications"] = {row["id"] for row in await engaged.rows("notifications")}
    return rows | {"engagement": await engaged.row(), "progress": await progress_of(engaged)}


async def test_a_repeated_update_id_is_answered_again_and_changes_nothing(
    engaged: Engaged,
) -> None:
    request = await submit_request(engaged)
    first = await engaged.item_command("research", request, AcceptRequest(MANAGER), update_id="u1")
    before = await written(engaged)
    again = await engaged.item_command("research", request, AcceptRequest(MANAGER), update_id="u1")
    assert again == first == Answer(request, "scope", 2)
    assert await written(engaged) == before


async def test_a_repeated_request_opens_one_item(engaged: Engaged) -> None:
    text = await engaged.office.text()
    answers = await asyncio.gather(
        *(engaged.command(OpenRequest(LEAD, "itm_1", text), update_id="u1") for _ in range(3))
    )
    assert set(answers) == {Answer("itm_1", "triage", 1)}
    assert (await engaged.facts()).count("research.submitted") == 1


async def test_of_two_commands_at_once_one_is_taken_and_one_refused(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    reason = await engaged.office.text()
    outcomes = await asyncio.gather(
        engaged.item_command("research", request, AcceptRequest(MANAGER)),
        engaged.item_command("research", request, DeclineRequest(MANAGER, reason)),
        return_exceptions=True,
    )
    answers = [one for one in outcomes if isinstance(one, Answer)]
    failures = [one for one in outcomes if isinstance(one, WorkflowUpdateFailedError)]
    assert len(answers) == len(failures) == 1
    cause = failures[0].cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == REFUSED
    decided = {"scope": "research.accepted", "closed": "research.declined"}
    said = [fact for fact in await engaged.facts() if fact in decided.values()]
    assert said == [decided[answers[0].stage]]
    assert (await item(engaged, request))["stage"] == answers[0].stage


async def test_of_two_withdrawals_at_once_one_is_refused_and_each_recipient_is_told_once(
    engaged: Engaged,
) -> None:
    reason = await engaged.office.text()
    outcomes = await asyncio.gather(
        *(engaged.command(Withdraw(MANAGER, reason)) for _ in range(2)), return_exceptions=True
    )
    assert len([one for one in outcomes if isinstance(one, Answer)]) == 1
    assert await asyncio.wait_for(engaged.handle.result(), 100) == "withdrawn"
    told = [(mail.kind, mail.recipient) for mail in await engaged.office.mails(engaged.id)]
    withdrawn = [one for one in told if one[0] == "engagement.withdrawn"]
    assert len(withdrawn) == len(set(withdrawn)) == 3


async def test_a_refused_command_writes_nothing(engaged: Engaged) -> None:
    request = await submit_request(engaged)
    before = await written(engaged)
    state = await item_progress_of(engaged, "research", request)
    sentence = await refused(
        engaged.item_command("research", request, AssignRequest(MANAGER, "per_researcher"))
    )
    assert sentence == (
        "You cannot assign a researcher now: the stage is 'triage' and has to be 'assign' or "
        "'draft'."
    )
    await refused(engaged.command(MoveReview(MANAGER, "first-mile", date(2026, 1, 1))))
    assert await written(engaged) == before
    assert await item_progress_of(engaged, "research", request) == state


async def test_a_second_start_is_answered_and_changes_nothing(office: Office) -> None:
    engagement = quiet_engagement()
    engaged = await office.start(engagement)
    before = await written(engaged)
    again = await engaged.start_again(engagement)
    assert again == Answer(engaged.id, "onboarding", 1)
    assert await written(engaged) == before


async def test_starts_at_once_are_one_start(office: Office) -> None:
    engagement = quiet_engagement()
    starting = Engaged(office, engagement.engagement_id)
    await office.put_down(engagement)
    answers = await asyncio.gather(*(starting.start_again(engagement) for _ in range(3)))
    assert set(answers) == {Answer(starting.id, "onboarding", 1)}
    assert (await starting.facts()).count("engagement.opened") == 1
    assert (await starting.facts()).count("onboarding.opened") == 1
