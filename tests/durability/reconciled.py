"""An office whose record and workflows are brought apart, compared, and repaired."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Table, delete, select, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from commands.reconciling import differences as found_by
from commands.reconciling import reading as comparing
from commands.reconciling.differences import Difference
from commands.reconciling.reading import Comparison
from commands.reconciling.repairing import Repaired, Repairing
from programmes.rules import ItemKind
from storage.sql import deliveries, engagements, events, items, mailbox, notifications, tasks
from tests.databases import migrated_postgres, migrated_sqlite
from tests.durability.acts import (
    finish_onboarding,
    progress_of,
    until_open,
)
from tests.durability.server import waits_for_activity
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Mail, Office
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id

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

    await until(is_found, f"found: {expected}")
    return tuple(found)


async def repaired(comparison: Comparison, *expected: tuple[str, str]) -> Repaired:
    """Find what is expected and no more, repair it, then find nothing. No email repeats."""
    found = await until_found(comparison, *expected)
    before = await mails(comparison)
    done = await Repairing(comparison).repair(found)
    assert named(done.done) == sorted(expected)
    assert done.left == ()
    await until_found(comparison)
    written = await said(comparison)
    assert (await Repairing(comparison).repair(found)).left == ()
    assert await said(comparison) == written, "a second repair changes nothing"
    require_each_email_once(before, await mails(comparison))
    return done


async def said(comparison: Comparison) -> list[tuple[object, ...]]:
    """Every fact that a repair may bring about, however the office goes on meanwhile."""
    e = events.c
    by_repair = ("record.", "engagement.onboarded", "engagement.lost", ".closed")
    async with comparison.database.reading() as session:
        rows = await session.execute(select(e.item_id, e.sequence, e.kind).order_by(e.id))
        return [tuple(row) for row in rows if any(one in row.kind for one in by_repair)]


async def mails(comparison: Comparison) -> list[Mail]:
    return await Office(comparison.client, comparison.database, None).mails()  # type: ignore[arg-type]


def require_each_email_once(before: list[Mail], after: list[Mail]) -> None:
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
    """Its items have no parent then: their end by hand is told to no workflow."""
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
    """Put a read model back to how it was at an earlier record."""
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


async def reset(
    engaged: Engaged, workflow_id: str, *, updates: bool = True, signals: bool = True
) -> None:
    """What `temporal workflow reset --type FirstWorkflowTask` does. What came later happens again,
    but for what is left out, as by `--reapply-exclude Update`."""
    client = engaged.office.client
    handle = client.get_workflow_handle(workflow_id)
    history = await handle.fetch_history()
    first = next(
        event.event_id
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    )
    excluded = []
    if not updates:
        excluded.append(ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE)
    if not signals:
        excluded.append(ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL)
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(
                workflow_id=workflow_id, run_id=(await handle.describe()).run_id
            ),
            reason=GONE,
            workflow_task_finish_event_id=first,
            request_id=uuid.uuid4().hex,
            reset_reapply_exclude_types=excluded,
        )
    )
