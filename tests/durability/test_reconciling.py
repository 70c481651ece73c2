"""The record and the workflows, brought apart in every way there is, and reconciled."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Table, delete, select, update
from temporalio.api.enums.v1 import EventType

from commands.outcome import Stop
from commands.reconciling import comparing, lost_engagements
from commands.reconciling import differences as found_by
from commands.reconciling.comparing import Comparison
from commands.reconciling.differences import Difference
from commands.reconciling.last_words import LastWords
from commands.reconciling.mending import Mended, Mending
from programmes.rules import ItemKind
from storage.sql import deliveries, engagements, events, items, mailbox, notifications, tasks, texts
from tests.databases import migrated_postgres, migrated_sqlite
from tests.durability.acts import (
    finish_onboarding,
    item,
    item_progress_of,
    onboarding_of,
    progress_of,
    submit_request,
    until_closed,
    until_forgotten,
    until_open,
    until_stage,
)
from tests.durability.pace import quiet_engagement, today
from tests.durability.server import waits_for_activity
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Mail, Office
from tests.workflows.stories import ADVISER, LEAD, MANAGER
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id
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

GONE = "by hand"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield migrated_sqlite(tmp_path / "milepost.db")
        else:
            yield stack.enter_context(migrated_postgres())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look comes soon, and no engagement is given a minute to notice by itself."""
    monkeypatch.setattr(comparing, "SECOND_LOOK_SECONDS", 0.3)
    monkeypatch.setattr(found_by, "MOMENT", timedelta())


@pytest.fixture
def comparison(office: Office) -> Comparison:
    return Comparison(office.database, office.client, office.settings.task_queue)


def named(found: list[Difference] | tuple[Difference, ...]) -> list[tuple[str, str]]:
    return sorted((one.trouble, one.kind) for one in found)


async def until_found(comparison: Comparison, *expected: tuple[str, str]) -> tuple[Difference, ...]:
    """Temporal's lists are a little behind what it knows."""
    found: list[Difference] = []

    async def is_found() -> bool:
        found[:] = await comparison.everything()
        return named(found) == sorted(expected)

    await until(is_found, f"found: {expected}", within=60)
    return tuple(found)


async def mended(comparison: Comparison, *expected: tuple[str, str]) -> Mended:
    """Find what is expected and no more, mend it, and find nothing after; no email is repeated."""
    found = await until_found(comparison, *expected)
    before = await mails(comparison)
    done = await Mending(comparison).mend(found)
    assert named(done.done) == sorted(expected)
    assert done.left == ()
    await until_found(comparison)
    written = await everything_written(comparison)
    assert await Mending(comparison).mend(await comparison.everything()) == Mended((), ())
    assert await everything_written(comparison) == written, "a second repair changes nothing"
    require_nobody_told_twice(before, await mails(comparison))
    return done


async def mails(comparison: Comparison) -> list[Mail]:
    return await Office(comparison.client, comparison.database, None).mails()  # type: ignore[arg-type]


def require_nobody_told_twice(before: list[Mail], after: list[Mail]) -> None:
    assert after[: len(before)] == before
    told = [(mail.kind, mail.recipient, mail.rung) for mail in after]
    assert len(told) == len(set(told))


async def everything_written(comparison: Comparison) -> list[list[tuple[object, ...]]]:
    async with comparison.database.reading() as session:
        return [
            sorted((tuple(row) for row in await session.execute(select(table))), key=str)
            for table in (engagements, items, tasks, events, notifications)
        ]


async def until_quiet(engaged: Engaged) -> None:
    """Wait until all its emails have gone: what a person ends by hand is at rest."""
    ids = [engagement_workflow_id(engaged.id)]
    for row in await engaged.rows("items"):
        kind: ItemKind = row["kind"]  # type: ignore[assignment]
        ids.append(item_workflow_id(engaged.id, kind, str(row["id"])))

    async def is_quiet() -> bool:
        return not await waits_for_activity(engaged.office.client, ids)

    await until(is_quiet, "its emails have gone")


async def begin_anew(engaged: Engaged) -> None:
    """Its items are nobody's children then: their end by hand is told to nobody."""
    await until_quiet(engaged)
    first = (await engaged.handle.describe()).run_id

    async def is_new() -> bool:
        return (await engaged.handle.describe()).run_id != first

    async def has_asked() -> bool:
        answered = EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED
        events = [event.event_type async for event in engaged.handle.fetch_history_events()]
        return events.count(answered) == len((await progress_of(engaged)).items)

    await engaged.handle.signal("begin_anew")
    await until(is_new, "the engagement begins anew")
    await until(has_asked, "it has asked its items whether they are there")


async def advice(engaged: Engaged) -> str:
    """The id of its first advice cycle, which is open."""
    await finish_onboarding(engaged)
    await until_open(engaged, "advice")
    return scheduled_item_id(engaged.id, "advice", "1")


async def terminate(engaged: Engaged) -> None:
    await until_quiet(engaged)
    await engaged.handle.terminate(GONE)


async def forget(engaged: Engaged, table: Table, sequence: int, item_id: str) -> None:
    """Put a reading copy back to how it was at an earlier record."""
    async with engaged.office.database.transaction() as session:
        await session.execute(
            update(table)
            .where(table.c.id == item_id)
            .values(
                sequence=sequence,
                state_sequence=sequence,
                closed_at=None,
                stage="triage" if table is items else "onboarding",
                **({"tasks_sequence": sequence, "outcome": ""} if table is items else {}),
            )
        )
        await session.execute(
            delete(events).where(events.c.item_id == item_id, events.c.sequence > sequence)
        )


async def erase(engaged: Engaged, item_id: str | None = None) -> None:
    """Put the database back to before an item, or the whole engagement, was begun."""

    def its(table: Table) -> ColumnElement[bool]:
        if item_id is None:
            return table.c.engagement_id == engaged.id
        return (table.c.id if table is items else table.c.item_id) == item_id

    sent = select(notifications.c.id).where(its(notifications))
    async with engaged.office.database.transaction() as session:
        for table in (mailbox, deliveries):
            await session.execute(delete(table).where(table.c.notification_id.in_(sent)))
        for table in (notifications, events, tasks, items):
            await session.execute(delete(table).where(its(table)))
        if item_id is None:
            await session.execute(delete(engagements).where(engagements.c.id == engaged.id))


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


async def test_a_terminated_engagement_waits_for_a_choice_and_can_be_revived(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await terminate(engaged)
    # What its items tell it meanwhile reaches nobody.
    for step in ("hello", "plan"):
        await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, step))
    await until_closed(engaged, onboarding_of(engaged))
    found = await until_found(comparison, ("workflow_gone", "engagement"))
    before = await mails(comparison)
    written = await everything_written(comparison)
    assert await Mending(comparison).mend(found) == Mended((), found)
    assert await everything_written(comparison) == written, "nobody has chosen yet"

    assert await lost_engagements.revive(comparison, engaged.id) == []
    await until_stage(engaged, "active")
    assert (await progress_of(engaged)).items.keys() >= {request}
    reason = await engaged.office.text()
    await engaged.item_command("research", request, WithdrawRequest(LEAD, reason))
    await until_forgotten(engaged, request)
    await until_found(comparison)
    await until_quiet(engaged)
    require_nobody_told_twice(before, await mails(comparison))
    assert "engagement.onboarded" in {mail.kind for mail in await mails(comparison)}
    with pytest.raises(Stop, match="runs"):
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
    assert await mails(comparison) == before, "nobody is told by email"
    await until_found(comparison)
    with pytest.raises(Stop, match="over already"):
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
    """Somebody closed it, and was cut off before they came to its items."""
    await terminate(engaged)
    row = (await comparison.look(engaged.id)).row
    assert row is not None
    words = LastWords(comparison.database, comparison.client, comparison.task_queue)
    await words.of_lost_engagement(row, "operator", "It was lost.")
    await mended(comparison, ("left_open", "onboarding"))
    assert (await until_closed(engaged, onboarding_of(engaged)))["outcome"] == "withdrawn"


async def test_an_item_terminated_behind_its_engagements_back_is_closed_and_told(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await begin_anew(engaged)
    await engaged.item_handle("research", request).terminate(GONE)
    await mended(comparison, ("workflow_gone", "research"))
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
    await mended(comparison, ("workflow_gone", "advice"))

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
    await mended(comparison, ("end_unheard", "advice"))
    assert (await progress_of(engaged)).carried == (action,)


async def test_an_engagement_that_was_reset_hears_of_the_ends_that_it_missed(
    engaged: Engaged, comparison: Comparison
) -> None:
    await terminate(engaged)
    for step in ("hello", "plan"):
        await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, step))
    await engaged.item_handle("onboarding", onboarding_of(engaged)).result()
    await lost_engagements.reset(comparison.client, engaged.id)
    await mended(comparison, ("end_unheard", "onboarding"))
    await until_stage(engaged, "active")


async def test_a_record_that_was_put_back_catches_up(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await finish_onboarding(engaged)
    await engaged.item_command("research", request, AcceptRequest(MANAGER))
    await until_quiet(engaged)
    await forget(engaged, items, 1, request)
    await forget(engaged, engagements, 1, engaged.id)
    async with engaged.office.database.transaction() as session:
        await session.execute(delete(tasks).where(tasks.c.item_id == request))
    await mended(comparison, ("copy_behind", "engagement"), ("copy_behind", "research"))
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
    await mended(comparison, ("copy_behind", "research"))
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
    with pytest.raises(Stop, match="own end"):
        await lost_engagements.revive(comparison, engaged.id)
    await mended(comparison, ("copy_behind", "engagement"))
    row = await engaged.row()
    assert (row["stage"], row["closed_at"] is not None) == ("withdrawn", True)


async def test_an_item_that_the_record_does_not_know_is_written_down(
    engaged: Engaged, comparison: Comparison
) -> None:
    request = await submit_request(engaged)
    await until_quiet(engaged)
    whole = await item(engaged, request)
    await erase(engaged, request)
    await mended(comparison, ("record_missing", "research"))
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
    assert await Mending(comparison).mend(found) == Mended((), found)


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
        assert await Mending(comparison, within=5).mend(found) == Mended((), found)
    await until_found(comparison)
