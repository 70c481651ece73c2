"""Engagements as the API shows them: the list, one in full, and its plan."""

from collections.abc import Sequence
from datetime import date, datetime

from notifications.sentences import Clock, health_sentence
from notifications.titles import Titles, parsed_in_thread
from notifications.words import item_title, task_words
from programmes import plans
from programmes.calendar import WorkingCalendar, calendar_from_json
from programmes.planner import Adjustments, plan
from services.access import sight
from services.backend import Backend
from services.permissions import Actor
from services.problems import Problem
from services.views.items import steps_done
from services.views.parts import item_summary, member_ref, ref, task_answer
from services.views.records import Plan, PlannedDeadline, PlannedItem, Rung
from services.views.rows import Engagement, EngagementEntry, ProgrammeRef, Task
from storage.queries.engagement_detail import (
    EngagementDetail,
    PlannedFrom,
    planned_from,
    show_engagement,
)
from storage.queries.engagements import EngagementRow

STARTING = "starting"
"""The stage of an engagement whose opening is not on record yet."""


async def entries(
    backend: Backend, rows: Sequence[EngagementRow], *, texts: bool
) -> list[EngagementEntry]:
    """The rows of the list. ``texts`` is whether the reader sees what people wrote."""
    now = backend.now()
    return [await _entry(backend, row, now, texts=texts) for row in rows]


async def _entry(
    backend: Backend, row: EngagementRow, now: datetime, *, texts: bool
) -> EngagementEntry:
    voice = await backend.definitions.voice(row.programme_id, row.programme_version)
    task = task_answer(row.task, voice.titles, now, texts=texts) if row.task else None
    return EngagementEntry(
        id=row.id,
        member=member_ref(row.member),
        programme=ProgrammeRef(id=row.programme_id, version=row.programme_version),
        manager=ref(row.manager),
        stage=row.stage or STARTING,
        health=row.health,
        because=_because(row.health, task, voice.clock),
        task=task,
        started_on=row.started_on,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        due_at=row.due_at,
        open_requests=row.open_requests,
    )


def _because(health: str, task: Task | None, clock: Clock) -> str:
    if task is None:
        return health_sentence(health, clock)
    owner = task.owner.name if task.owner else ""
    return health_sentence(health, clock, task=task.title, owner=owner, due=task.due_at)


async def detail(backend: Backend, actor: Actor, engagement_id: str) -> EngagementDetail:
    """The engagement with all that it holds. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        found = await show_engagement(
            session, engagement_id, backend.now(), visible_to=sight(actor)
        )
    if found is None:
        raise Problem("not-found")
    return found


async def engagement(backend: Backend, actor: Actor, engagement_id: str) -> Engagement:
    """One engagement in full. Raises the problem ``not-found``."""
    found = await detail(backend, actor, engagement_id)
    voice = await backend.definitions.voice(found.programme_id, found.programme_version)
    titles = voice.titles
    now = backend.now()
    worst = found.task(now)
    texts = actor.reads_texts
    task: Task | None = task_answer(worst, titles, now, texts=texts) if worst else None
    return Engagement(
        id=found.id,
        member=member_ref(found.member),
        programme=ProgrammeRef(id=found.programme_id, version=found.programme_version),
        manager=ref(found.manager),
        adviser=ref(found.adviser),
        stage=found.stage or STARTING,
        health=found.health,
        because=_because(found.health, task, voice.clock),
        task=task,
        started_on=found.started_on,
        opened_at=found.opened_at,
        onboarded_at=found.onboarded_at,
        closed_at=found.closed_at,
        due_at=found.due_at,
        open_requests=found.open_requests,
        reason=found.reason if texts else None,
        items=[item_summary(item, titles) for item in found.items],
        tasks=[task_answer(one, titles, now, texts=texts) for one in found.tasks],
        sequence=found.sequence,
    )


async def planned(backend: Backend, actor: Actor, engagement_id: str) -> Plan:
    """Every date of an engagement as the plan has it today. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        found = await planned_from(session, engagement_id, visible_to=sight(actor))
    if found is None:
        raise Problem("not-found")
    definition, titles = await parsed_in_thread(found.source)
    calendar = calendar_from_json(found.calendar)
    # On an always-open calendar an engagement starts at the instant of its opening.
    start: date | datetime = found.opened_at if calendar.always_open else found.started_on
    plan_of_it = plan(definition.rules(), start, calendar, _adjustments(found, calendar))
    return Plan(
        engagement=found.id,
        start=plan_of_it.start,
        onboarded_at=plan_of_it.onboarded_at,
        items=[_planned_item(item, titles) for item in plan_of_it.items],
    )


def _adjustments(found: PlannedFrom, calendar: WorkingCalendar) -> Adjustments:
    reviews = {key: date.fromisoformat(day) for key, day in found.moved.items()}
    steps = {key: calendar.local_date(due) for key, due in found.steps_moved.items()}
    return Adjustments(
        onboarded_at=found.onboarded_at,
        moved=reviews | steps,
        cycles=tuple(datetime.fromisoformat(at) for at in found.cycles),
        done=steps_done(found.steps),
    )


def _planned_item(item: plans.PlannedItem, titles: Titles) -> PlannedItem:
    family = item.kind
    return PlannedItem(
        kind=item.kind,
        key=item.key,
        title=item_title(item.kind, item.key, titles),
        opens_at=item.opens_at,
        due_at=item.due_at,
        deadlines=[
            PlannedDeadline(
                key=one.key,
                title=task_words(family, one.key, titles).title,
                owner=one.owner,
                due_at=one.due_at,
                rule=one.rule,
                rungs=[
                    Rung(name=rung.name, at=rung.at, to=list(rung.to), says=rung.says)
                    for rung in one.rungs
                ],
            )
            for one in item.deadlines
        ],
    )
