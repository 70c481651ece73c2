"""The start of an engagement: its row, then its workflow; a start that cannot be leaves neither."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api.commands.dispatch import reachable, send_start, update_id
from api.commands.people import require_worker
from api.commands.reaching import require
from api.desk import Desk
from api.permissions import Actor
from api.problems import Problem, wrong_value
from notifications.titles import parsed_in_thread
from programmes.calendar import Blackout, WorkingCalendar
from programmes.definition import Definition
from programmes.holidays import calendar_for
from storage.ids import derived_id, new_id
from storage.queries.members import show_member
from storage.queries.programmes import show_programme
from storage.starting import Opening, open_engagement, put_down, take_back
from temporal.connection import CONNECT_TIMEOUT
from temporal.starting import start_operation
from workflows.ids import engagement_workflow_id
from workflows.messages import Answer, EngagementInput, Start

PLANNED_YEARS = 4
"""For how long bank holidays are looked up ahead of the start: longer than a programme lasts."""

ABANDONED_AFTER = timedelta(minutes=2)
"""A start whose workflow is not there by then died with its process; before, it is under way."""


@dataclass(frozen=True)
class StartOrder:
    """Who starts what, when, and with whom."""

    member_id: str
    programme_id: str
    start: date
    version: int | None = None
    manager_id: str | None = None
    adviser_id: str | None = None


@dataclass(frozen=True)
class Started:
    """The engagement, and its state; ``answer`` is ``None`` where its record takes longer."""

    engagement_id: str
    answer: Answer | None


async def start_engagement(
    desk: Desk, actor: Actor, order: StartOrder, *, key: str | None = None
) -> Started:
    """Start a member in a programme. One open engagement a member and programme."""
    require(actor, "start_engagement")
    definition = await _definition(desk, order)
    engagement_id = derived_id("eng", actor.holder_id, key) if key else new_id("eng")
    calendar = await _calendar(desk, order, definition, engagement_id)
    await _require_people(desk, order)
    client = await reachable(desk)
    opening = Opening(
        id=engagement_id,
        member_id=order.member_id,
        programme_id=definition.id,
        programme_version=definition.version,
        manager_id=order.manager_id or (actor.holder_id if actor.is_person else None),
        adviser_id=order.adviser_id,
        calendar=TypeAdapter(WorkingCalendar).dump_python(calendar, mode="json"),
        started_on=order.start,
        opened_at=desk.now(),
    )
    await _put_down(desk, client, opening)
    start = EngagementInput(
        engagement_id=engagement_id,
        member_id=order.member_id,
        rules=definition.rules(),
        calendar=calendar,
        start=order.start,
        by=actor.holder_id,
        title=f"Member {order.member_id}: {definition.id}",
    )
    return Started(engagement_id, await _run(desk, client, start, actor, key))


async def _definition(desk: Desk, order: StartOrder) -> Definition:
    async with desk.database.reading() as session:
        stored = await show_programme(session, order.programme_id, order.version)
    if stored is None:
        raise wrong_value("programme", "#/programme")
    return (await parsed_in_thread(stored.source))[0]


async def _calendar(
    desk: Desk, order: StartOrder, definition: Definition, engagement_id: str
) -> WorkingCalendar:
    async with desk.database.reading() as session:
        found = await show_member(session, order.member_id)
    if found is None:
        raise wrong_value("member", "#/member")
    blackouts = [
        Blackout(
            date.fromisoformat(one["first"]), date.fromisoformat(one["last"]), one.get("reason", "")
        )
        for one in found.blackouts
    ]
    return calendar_for(
        definition,
        found.member.nation,
        first=min(order.start, desk.now().date()) - timedelta(days=31),
        last=max(order.start, desk.now().date()) + timedelta(days=366 * PLANNED_YEARS),
        blackouts=blackouts,
        stagger=engagement_id,
    )


async def _require_people(desk: Desk, order: StartOrder) -> None:
    for name, person_id in (("manager", order.manager_id), ("adviser", order.adviser_id)):
        if person_id is not None:
            await require_worker(desk, person_id, name, f"#/{name}")


async def _put_down(desk: Desk, client: Client, opening: Opening) -> None:
    """Insert the row, once what a failed start may have left is out of the way."""
    async with desk.database.transaction() as session:
        known = await open_engagement(session, opening.member_id, opening.programme_id)
        if known is None:
            await put_down(session, opening)
            return
    if known.id == opening.id:
        # The same start again: it meets its own row, and its own workflow if there is one.
        return
    fresh = desk.now() - known.opened_at < ABANDONED_AFTER
    if fresh or not known.pending or await _runs(client, known.id):
        raise Problem("exists", blockers=[known.id])
    async with desk.database.transaction() as session:
        await take_back(session, known.id)
        if await open_engagement(session, opening.member_id, opening.programme_id) is not None:
            raise Problem("exists")
        await put_down(session, opening)


async def _run(
    desk: Desk, client: Client, start: EngagementInput, actor: Actor, key: str | None
) -> Answer | None:
    def operation() -> WithStartWorkflowOperation[Any, Any]:
        return start_operation(start, desk.settings.task_queue)

    command = Start(actor.holder_id)
    update = update_id(actor.holder_id, key, command)
    try:
        address = engagement_workflow_id(start.engagement_id)
        return await send_start(desk, client, address, operation, command, update)
    except Problem as problem:
        try:
            runs = await _runs(client, start.engagement_id)
        except RPCError:
            # Nobody knows. The row stays, unseen, for a workflow that may be there; the next start
            # of this member clears it away if there is none.
            raise problem from None
        if not runs:
            async with desk.database.transaction() as session:
                await take_back(session, start.engagement_id)
            raise
        if problem.name == "unavailable":
            # The workflow is started for good, only no worker has taken it up yet.
            return None
        raise


async def _runs(client: Client, engagement_id: str) -> bool:
    handle = client.get_workflow_handle(engagement_workflow_id(engagement_id))
    try:
        described = await handle.describe(rpc_timeout=CONNECT_TIMEOUT)
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status == WorkflowExecutionStatus.RUNNING
