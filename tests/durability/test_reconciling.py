"""The record and the workflows, brought apart in every way there is, and reconciled."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from commands.outcome import Stop
from commands.reconciling import lost_engagements
from commands.reconciling.reading import Comparison
from commands.reconciling.repairing import Repaired, Repairing
from storage.sql import engagements, events, items, notifications, tasks, texts
from tests.durability.acts import (
    finish_onboarding,
    item,
    item_progress_of,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_stage,
)
from tests.durability.pace import quiet_engagement, today
from tests.durability.reconciled import (
    GONE,
    advice,
    begin_anew,
    erase,
    forget,
    mails,
    repaired,
    terminate,
    until_found,
    until_quiet,
)
from tests.durability.reconciled import comparison as comparison
from tests.durability.reconciled import impatient as impatient
from tests.durability.reconciled import url as url
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import ADVISER, LEAD, MANAGER
from workflows.messages import (
    AcceptRequest,
    AgreedAction,
    CloseItem,
    CompleteStep,
    ConfirmDate,
    HoldSession,
    ProposeDates,
    RecordNotes,
    ReviewMoved,
    Withdraw,
    WithdrawRequest,
)
from workflows.processes.engagement import EngagementProcess

pytestmark = pytest.mark.dev_server


async def test_where_all_is_well_nothing_is_found(
    engaged: Engaged, office: Office, comparison: Comparison
) -> None:
    await submit_request(engaged)
    await finish_onboarding(engaged)
    await engaged.command(Withdraw(MANAGER, await office.text()))
    await asyncio.wait_for(engaged.handle.result(), 100)
    another = await office.start(quiet_engagement())
    await submit_request(another, "itm_another")
    assert await comparison.everything() == []


async def test_an_item_terminated_behind_its_engagements_back_is_closed_and_told(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await begin_anew(engaged)
    await engaged.item_handle("research", request).terminate(GONE)
    await repaired(comparison, ("workflow_gone", "research"))
    assert (await item(engaged, request))["outcome"] == "lost"
    assert request not in (await progress_of(engaged)).items


async def test_a_lost_session_goes_out_of_the_calendars_that_it_stands_in(
    engaged: Engaged, comparison: Comparison
) -> None:
    cycle = await advice(engaged)
    session = datetime.now(UTC) + timedelta(hours=1)
    await engaged.item_command("advice", cycle, ProposeDates(ADVISER, (session,)))
    await engaged.item_command("advice", cycle, ConfirmDate(LEAD, 0))
    await begin_anew(engaged)
    await engaged.item_handle("advice", cycle).terminate(GONE)
    await repaired(comparison, ("workflow_gone", "advice"))

    async def hear_of_it() -> bool:
        heard = [mail.recipient for mail in await mails(comparison) if "called_off" in mail.kind]
        return sorted(heard) == sorted([ADVISER, LEAD])

    await until(hear_of_it, "both have it out of their calendars")


async def test_what_a_cycle_hands_on_is_not_lost_where_its_engagement_missed_its_end(
    engaged: Engaged, comparison: Comparison
) -> None:
    cycle = await advice(engaged)
    action = AgreedAction("a1", await engaged.office.text(), "lead", due=today())
    notes = RecordNotes(ADVISER, await engaged.office.text(), (action,))
    await engaged.item_command("advice", cycle, HoldSession(ADVISER, today()))
    await engaged.item_command("advice", cycle, notes)
    await terminate(engaged)
    await engaged.item_handle("advice", cycle).signal(
        "close_item", CloseItem(MANAGER, "rolled_over")
    )
    assert (await until_closed(engaged, cycle))["outcome"] == "rolled_over"
    await engaged.item_handle("advice", cycle).result()
    await lost_engagements.reset(comparison.client, engaged.id)
    await repaired(comparison, ("end_unheard", "advice"))
    assert (await progress_of(engaged)).carried == (action,)


async def test_an_engagement_that_was_reset_hears_of_the_ends_that_it_missed(
    engaged: Engaged, comparison: Comparison
) -> None:
    await terminate(engaged)
    for step in ("hello", "plan"):
        await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, step))
    await engaged.item_handle("onboarding", onboarding_of(engaged)).result()
    await lost_engagements.reset(comparison.client, engaged.id)
    await repaired(comparison, ("end_unheard", "onboarding"))
    await until_stage(engaged, "active")


async def test_a_record_that_was_put_back_catches_up(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await advice(engaged)  # nothing of the plan opens after that by itself
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await forget(engaged, items, 1, request)
    await forget(engaged, engagements, 1, engaged.id)
    async with engaged.office.database.transaction() as session:
        await session.execute(delete(tasks).where(tasks.c.item_id == request))
    await repaired(comparison, ("copy_behind", "engagement"), ("copy_behind", "research"))
    assert (await engaged.row())["stage"] == "active"
    row = await item(engaged, request)
    state = await item_progress_of(engaged, "research", request)
    assert (row["stage"], row["sequence"]) == ("scope", state.sequence)
    assert [one["key"] for one in await engaged.rows("tasks") if one["item_id"] == request] == [
        "scope"
    ]


async def test_an_item_that_ended_after_the_backup_has_its_own_end_and_is_not_lost(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    reason = await engaged.office.text()
    await engaged.item_command("research", request, WithdrawRequest(LEAD, reason))
    await until_forgotten(engaged, request)
    outcome = (await until_closed(engaged, request))["outcome"]
    await engaged.item_handle("research", request).result()
    await forget(engaged, items, 1, request)
    await repaired(comparison, ("copy_behind", "research"))
    row = await item(engaged, request)
    assert (row["outcome"], row["stage"], row["closed_at"] is not None) == (outcome, "closed", True)


async def test_an_engagement_that_ended_after_the_backup_is_over(
    engaged: Engaged, comparison: Comparison
) -> None:
    reason = await engaged.office.text()
    await engaged.command(Withdraw(MANAGER, reason))
    await asyncio.wait_for(engaged.handle.result(), 100)
    await until_quiet(engaged)
    await forget(engaged, engagements, 1, engaged.id)
    async with engaged.office.database.transaction() as session:
        of_it = notifications.c.engagement_id == engaged.id
        await session.execute(update(engagements).values(reason=None))
        await session.execute(update(notifications).where(of_it).values(text_id=None))
        await session.execute(update(events).values(text_id=None))
        await session.execute(delete(texts).where(texts.c.id == reason))
    with pytest.raises(Stop, match="ended normally"):
        await lost_engagements.revive(comparison, engaged.id)
    await repaired(comparison, ("copy_behind", "engagement"))
    row = await engaged.row()
    assert (row["stage"], row["closed_at"] is not None) == ("withdrawn", True)


async def test_an_item_that_the_record_does_not_know_is_written_down(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await until_quiet(engaged)
    whole = await item(engaged, request)
    await erase(engaged, request)
    await repaired(comparison, ("record_missing", "research"))
    row = await item(engaged, request)
    same = ("kind", "key", "stage", "opened_at", "due_at")
    assert {name: row[name] for name in same} == {name: whole[name] for name in same}
    assert [one["key"] for one in await engaged.rows("tasks") if one["item_id"] == request]


async def test_an_engagement_that_the_record_does_not_know_is_reported_and_left(
    engaged: Engaged, comparison: Comparison
) -> None:
    await until_quiet(engaged)
    await erase(engaged)
    found = await until_found(comparison, ("record_missing", "engagement"))
    assert await Repairing(comparison).repair(found) == Repaired((), found)


async def test_a_workflow_that_fails_at_its_work_is_reported_and_holds_nothing_up(
    office: Office, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("what a new version forgot")

    ill = await office.start(quiet_engagement(), task_timeout=timedelta(seconds=1))
    with monkeypatch.context() as poison:
        poison.setattr(EngagementProcess, "review_moved", fails)
        await ill.handle.signal("review_moved", ReviewMoved("first-mile", today()))
        found = await until_found(comparison, ("stands_still", "engagement"))
        assert await Repairing(comparison, within=5).repair(found) == Repaired((), found)
    await until_found(comparison)
