"""An engagement whose workflow is gone: revived, or closed with its items."""

import pytest
from sqlalchemy import update

from commands.outcome import Stop
from commands.reconciling import lost_engagements
from commands.reconciling.last_words import LastWords
from commands.reconciling.reading import Comparison
from commands.reconciling.repairing import Repaired, Repairing
from storage.sql import engagements
from tests.durability.acts import (
    item,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_stage,
)
from tests.durability.pace import quiet_engagement
from tests.durability.reconciled import (
    GONE,
    everything_written,
    mails,
    repaired,
    require_each_email_once,
    terminate,
    until_found,
    until_quiet,
)
from tests.durability.reconciled import comparison as comparison
from tests.durability.reconciled import impatient as impatient
from tests.durability.reconciled import url as url
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import LEAD
from workflows.messages import (
    CompleteStep,
    WithdrawRequest,
)

pytestmark = pytest.mark.dev_server


async def test_a_terminated_engagement_waits_for_a_choice_and_can_be_revived(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await terminate(engaged)
    # What its items tell it meanwhile reaches no workflow.
    for step in ("hello", "plan"):
        await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, step))
    await until_closed(engaged, onboarding_of(engaged))
    found = await until_found(comparison, ("workflow_gone", "engagement"))
    before = await mails(comparison)
    written = await everything_written(comparison)
    assert await Repairing(comparison).repair(found) == Repaired((), found)
    assert await everything_written(comparison) == written, "the operator has not chosen yet"

    assert await lost_engagements.revive(comparison, engaged.id) == []
    await until_stage(engaged, "active")
    assert (await progress_of(engaged)).items.keys() >= {request}
    reason = await engaged.office.text()
    await engaged.item_command("research", request, WithdrawRequest(LEAD, reason))
    await until_forgotten(engaged, request)
    await until_found(comparison)
    await until_quiet(engaged)
    require_each_email_once(before, await mails(comparison))
    assert "engagement.onboarded" in {mail.kind for mail in await mails(comparison)}
    with pytest.raises(Stop, match="is running"):
        await lost_engagements.revive(comparison, engaged.id)


async def test_a_terminated_engagement_can_be_closed_and_its_member_started_again(
    engaged: Engaged, office: Office, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await terminate(engaged)
    await engaged.item_handle("research", request).terminate(GONE)
    before = await mails(comparison)

    with pytest.raises(Stop, match="no engagement"):
        await lost_engagements.close(comparison, "eng_none", "It was lost.")
    assert await lost_engagements.close(comparison, engaged.id, "It was lost.") == []

    row = await engaged.row()
    assert (row["stage"], row["closed_at"] is not None) == ("withdrawn", True)
    assert (await item(engaged, request))["outcome"] == "lost"
    assert (await item(engaged, onboarding_of(engaged)))["outcome"] == "withdrawn"
    lost = next(one for one in await engaged.rows("events") if one["kind"] == "engagement.lost")
    assert lost["text_id"] == row["reason"]
    assert await engaged.rows("tasks") == []
    assert await mails(comparison) == before, "no email is sent"
    await until_found(comparison)
    with pytest.raises(Stop, match="already ended"):
        await lost_engagements.close(comparison, engaged.id, "Again.")
    await office.start(quiet_engagement())


async def test_an_engagement_that_temporal_has_forgotten_cannot_be_revived(
    office: Office, comparison: Comparison
) -> None:
    lost = quiet_engagement()
    await office.put_down(lost)
    async with office.database.transaction() as session:
        await session.execute(
            update(engagements)
            .where(engagements.c.id == lost.engagement_id)
            .values(stage="active", sequence=3, state_sequence=3)
        )
    await until_found(comparison, ("workflow_gone", "engagement"))
    with pytest.raises(Stop, match="Close it"):
        await lost_engagements.revive(comparison, lost.engagement_id)
    assert await lost_engagements.close(comparison, lost.engagement_id, "Forgotten.") == []
    assert await comparison.everything() == []


async def test_an_item_that_goes_on_after_its_engagement_was_closed_is_ended(
    engaged: Engaged, comparison: Comparison
) -> None:
    """The operator closed it, and was cut off before its items were closed."""
    await terminate(engaged)
    row = (await comparison.look(engaged.id)).row
    assert row is not None
    words = LastWords(comparison.database, comparison.client, comparison.task_queue)
    await words.of_lost_engagement(row, "operator", "It was lost.")
    await repaired(comparison, ("left_open", "onboarding"))
    assert (await until_closed(engaged, onboarding_of(engaged)))["outcome"] == "withdrawn"
