"""Commands to an engagement: its start, team, withdrawal and completion, and moved reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from notifications.words import item_title, parsed_in_thread
from programmes.calendar import WorkingCalendar, blackouts_from_json, calendar_as_json
from programmes.definition import Definition
from programmes.holidays import calendar_for
from services.backend import Backend, writing
from services.dispatch import reachable, send, send_start, update_id
from services.items import written
from services.permissions import Actor, engagement_in_reach, require, require_worker
from services.problems import Problem, problem_words, wrong_value
from services.reassignment import reserved, tell
from services.releasing import release_unheard
from storage import master
from storage.database import derived_id, new_id
from storage.queries.access import Place
from storage.queries.items import ItemFilter, list_items
from storage.queries.members import show_member
from storage.queries.programmes import show_programme
from storage.starting import Opening, open_engagement, put_down, take_back
from temporal.connection import CONNECT_TIMEOUT
from temporal.starting import start_operation
from workflows.ids import engagement_workflow_id
from workflows.messages import Answer, Complete, EngagementInput, MoveReview, Start, Withdraw

PLANNED_YEARS = 4
"""How far ahead bank holidays are looked up: longer than a programme lasts."""

ABANDONED_AFTER = timedelta(minutes=2)
"""A start without a workflow after this time has failed with its process."""


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
    """The engagement and its state. ``answer`` is ``None`` if its record takes longer."""

    engagement_id: str
    answer: Answer | None


async def start_engagement(
    backend: Backend, actor: Actor, order: StartOrder, *, key: str | None = None
) -> Started:
    """Start a member in a programme: first the row, then the workflow. A failed start leaves
    neither.

    A member has one open engagement in a programme. Raises ``exists``, ``invalid`` and
    ``unavailable``.
    """
    require(actor, "start_engagement")
    definition = await _definition(backend, order)
    engagement_id = derived_id("eng", actor.holder_id, key) if key else new_id("eng")
    calendar = await _calendar(backend, order, definition, engagement_id)
    await _require_people(backend, order)
    client = await reachable(backend)
    opening = Opening(
        id=engagement_id,
        member_id=order.member_id,
        programme_id=definition.id,
        programme_version=definition.version,
        manager_id=order.manager_id or (actor.holder_id if actor.is_person else None),
        adviser_id=order.adviser_id,
        calendar=calendar_as_json(calendar),
        started_on=order.start,
        opened_at=backend.now(),
    )
    await _put_down(backend, client, opening)
    start = EngagementInput(
        engagement_id=engagement_id,
        member_id=order.member_id,
        rules=definition.rules(),
        calendar=calendar,
        start=order.start,
        by=actor.holder_id,
        title=f"Member {order.member_id}: {definition.id}",
    )
    return Started(engagement_id, await _run(backend, client, start, actor, key))


async def _definition(backend: Backend, order: StartOrder) -> Definition:
    async with backend.database.reading() as session:
        stored = await show_programme(session, order.programme_id, order.version)
    if stored is None:
        raise wrong_value("programme", "#/programme")
    return (await parsed_in_thread(stored.source))[0]


async def _calendar(
    backend: Backend, order: StartOrder, definition: Definition, engagement_id: str
) -> WorkingCalendar:
    async with backend.database.reading() as session:
        found = await show_member(session, order.member_id)
    if found is None:
        raise wrong_value("member", "#/member")
    return calendar_for(
        definition,
        found.member.nation,
        first=min(order.start, backend.now().date()) - timedelta(days=31),
        last=max(order.start, backend.now().date()) + timedelta(days=366 * PLANNED_YEARS),
        blackouts=blackouts_from_json(found.blackouts),
        stagger=engagement_id,
    )


async def _require_people(backend: Backend, order: StartOrder) -> None:
    for name, person_id in (("manager", order.manager_id), ("adviser", order.adviser_id)):
        if person_id is not None:
            await require_worker(backend, person_id, name, f"#/{name}")


async def _put_down(backend: Backend, client: Client, opening: Opening) -> None:
    """Insert the row, after removing the row of an earlier failed start."""
    async with backend.database.transaction() as session:
        known = await open_engagement(session, opening.member_id, opening.programme_id)
        if known is None:
            await put_down(session, opening)
            return
    if known.id == opening.id:
        # A repeat of the same start finds its own row, and its workflow if there is one.
        return
    fresh = backend.now() - known.opened_at < ABANDONED_AFTER
    if fresh or not known.pending or await _runs(client, known.id):
        raise Problem("exists", blockers=[known.id])
    async with backend.database.transaction() as session:
        await take_back(session, known.id)
        if await open_engagement(session, opening.member_id, opening.programme_id) is not None:
            raise Problem("exists")
        await put_down(session, opening)


async def _run(
    backend: Backend, client: Client, start: EngagementInput, actor: Actor, key: str | None
) -> Answer | None:
    def operation() -> WithStartWorkflowOperation[Any, Any]:
        return start_operation(start, backend.settings.task_queue)

    command = Start(actor.holder_id)
    update = update_id(actor.holder_id, key, command)
    try:
        address = engagement_workflow_id(start.engagement_id)
        return await send_start(backend, client, address, operation, command, update)
    except Problem as problem:
        try:
            runs = await _runs(client, start.engagement_id)
        except RPCError:
            # The outcome is unknown. The hidden row stays for a workflow that may exist. If none
            # does, the member's next start removes the row.
            raise problem from None
        if not runs:
            async with backend.database.transaction() as session:
                await take_back(session, start.engagement_id)
            raise
        if problem.name == "unavailable":
            # The workflow has started, but no worker has taken it up yet.
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


Taken = Answer | None


async def withdraw_engagement(
    backend: Backend, actor: Actor, engagement_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """End an engagement and close its open items."""
    place = await engagement_in_reach(backend, actor, "withdraw_engagement", engagement_id)
    async with written(backend, actor, key, {"reason": reason}) as ids:
        command = Withdraw(actor.holder_id, ids["reason"])
        address = engagement_workflow_id(place.engagement_id)
        return await send(backend, address, command, actor.holder_id, key)


async def complete_engagement(
    backend: Backend, actor: Actor, engagement_id: str, *, key: str | None = None
) -> Taken:
    """Complete an engagement. Raises ``refused`` with its blockers while items are open."""
    place = await engagement_in_reach(backend, actor, "complete_engagement", engagement_id)
    address = engagement_workflow_id(place.engagement_id)
    try:
        return await send(backend, address, Complete(actor.holder_id), actor.holder_id, key)
    except Problem as problem:
        if problem.blockers is None:
            raise
        raise await _blocked(backend, place, problem.blockers) from problem


async def move_review(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    review: str,
    due: date,
    reason: str | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """Give a review that has not opened another due date. Later reviews follow."""
    place = await engagement_in_reach(backend, actor, "move_review", engagement_id)
    async with written(backend, actor, key, {"reason": reason}) as ids:
        command = MoveReview(actor.holder_id, review, due, ids.get("reason"))
        address = engagement_workflow_id(place.engagement_id)
        return await send(backend, address, command, actor.holder_id, key)


async def assign_team(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    *,
    manager: str | None = None,
    adviser: str | None = None,
) -> None:
    """Give an engagement another manager or adviser, who takes over the open tasks and gets an
    email.

    Emails that the vacant role could not get are sent as well. Nothing happens if the person
    already has the role. Raises ``not-found``, ``invalid`` with a sentence for each unsuitable
    person, and ``closed``.
    """
    await engagement_in_reach(backend, actor, "assign_engagement", engagement_id)
    async with writing(backend) as session:
        taken = await master.assign_team(
            session,
            actor.holder_id,
            backend.now(),
            engagement_id,
            manager_id=manager,
            adviser_id=adviser,
        )
        told = await reserved(backend, session, (taken,) if taken else ())
    await tell(backend, told)
    await release_unheard(backend, actor)


async def _blocked(backend: Backend, place: Place, blockers: Sequence[str]) -> Problem:
    """The refusal with the items' titles. The workflow knows their keys alone."""
    voice = await backend.definitions.voice(place.programme_id, place.programme_version)
    requests = ItemFilter(place.engagement_id, "research", is_open=True)
    async with backend.database.reading() as session:
        found = (await list_items(session, requests)).rows
    numbers = {one.item.key: one.item.data.get("number", "") for one in found}
    named = (
        item_title(kind, key, voice.titles, numbers.get(key, "") if kind == "research" else "")
        for kind, _, key in (blocker.partition(":") for blocker in blockers)
    )
    sentence: str = problem_words()["completion"]["blocked"]
    return Problem("refused", sentence.format(items=", ".join(named)), blockers=blockers)
