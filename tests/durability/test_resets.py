"""An item or engagement that an operator resets by hand, and the record that was ahead of it."""

import pytest

from commands.reconciling.reading import Comparison
from tests.durability.acts import (
    insist,
    item,
    item_progress_of,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
)
from tests.durability.reconciled import (
    advice,
    repaired,
    reset,
    until_found,
    until_quiet,
)
from tests.durability.reconciled import comparison as comparison
from tests.durability.reconciled import impatient as impatient
from tests.durability.reconciled import url as url
from tests.durability.waiting import until
from tests.workflows.office import Engaged
from tests.workflows.stories import MANAGER
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import AcceptRequest, DeclineRequest

pytestmark = pytest.mark.dev_server


def research(engaged: Engaged, request: str) -> str:
    return item_workflow_id(engaged.id, "research", request)


async def kinds_of(engaged: Engaged, item_id: str) -> list[str]:
    rows = await engaged.rows("events")
    return [str(row["kind"]) for row in rows if row["item_id"] == item_id]


async def test_after_a_reset_another_decision_takes_the_place_of_the_one_under_its_number(
    engaged: Engaged,
) -> None:
    request = await submit_request(engaged)
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await reset(engaged, research(engaged, request), updates=False)
    decline = DeclineRequest(MANAGER, await engaged.office.text())
    await insist(engaged, decline, "research", request)
    assert (await until_closed(engaged, request))["outcome"] == "declined"
    assert await kinds_of(engaged, request) == ["research.submitted", "research.declined"]


async def test_a_record_that_is_ahead_of_a_reset_item_is_brought_back_and_goes_on(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await reset(engaged, research(engaged, request), updates=False)
    await repaired(comparison, ("copy_ahead", "research"))
    assert (await item(engaged, request))["stage"] == "triage"
    assert (await item_progress_of(engaged, "research", request)).stage == "triage"
    await insist(engaged, AcceptRequest(MANAGER), "research", request)
    assert (await item(engaged, request))["stage"] == "scope"


async def test_an_item_that_had_closed_is_open_again_once_it_is_reset_and_repaired(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    decline = DeclineRequest(MANAGER, await engaged.office.text())
    await engaged.item_command("research", request, decline)
    await engaged.item_handle("research", request).result()
    await until_quiet(engaged)
    await reset(engaged, research(engaged, request), updates=False)
    await repaired(comparison, ("copy_ahead", "research"))
    assert (await item(engaged, request))["closed_at"] is None
    await insist(engaged, decline, "research", request)
    assert (await until_closed(engaged, request))["outcome"] == "declined"


async def test_an_engagement_that_was_reset_is_told_again_what_its_items_reported(
    engaged: Engaged, comparison: Comparison
) -> None:
    # The first advice cycle opens a second later. A reset in the midst of that is another case.
    cycle = await advice(engaged)
    before = await item_progress_of(engaged, "advice", cycle)
    await engaged.item_handle("onboarding", onboarding_of(engaged)).result()
    await until_quiet(engaged)
    await reset(engaged, engagement_workflow_id(engaged.id), updates=False, signals=False)
    await repaired(comparison, ("copy_ahead", "engagement"), ("end_unheard", "onboarding"))
    assert (await engaged.row())["stage"] == "active"

    async def cycle_is_known() -> bool:
        return cycle in (await progress_of(engaged)).items

    await until(cycle_is_known, "the engagement opens the cycle again, which runs already")
    await until_found(comparison)
    assert (await progress_of(engaged)).sequence == (await engaged.row())["sequence"]
    tasks = [row for row in await engaged.rows("tasks") if row["item_id"] == cycle]
    assert {row["key"]: row["due_at"] for row in tasks} == {
        key: deadline.due_at for key, deadline in before.open.items()
    }
