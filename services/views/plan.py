"""The plan of an engagement: every date, and the rule that it comes from."""

from datetime import date, datetime

from pydantic import BaseModel, TypeAdapter

from notifications.words import Titles, item_title, parsed_in_thread, task_words
from programmes import plans
from programmes.calendar import WorkingCalendar
from programmes.planner import Adjustments, plan
from services.backend import Backend
from services.permissions import Actor, require, visibility
from services.problems import Problem
from services.views.items import steps_done
from services.views.rows import example
from storage.queries.engagement_detail import PlannedFrom, planned_from


class Rung(BaseModel):
    """A reminder or an escalation that will be sent unless the task is done."""

    name: str
    at: datetime
    to: list[str]
    says: str


class PlannedDeadline(BaseModel):
    """One date of a plan, and the rule that it comes from."""

    key: str
    title: str
    owner: str
    due_at: datetime
    rule: str
    rungs: list[Rung]


class PlannedItem(BaseModel):
    """One process of a plan."""

    kind: str
    key: str
    title: str
    opens_at: datetime
    due_at: datetime
    deadlines: list[PlannedDeadline]


class Plan(BaseModel):
    """Every date of an engagement."""

    model_config = example(
        {
            "engagement": "eng_e8fgh2jk3m5q7ab2c4d6",
            "start": "2027-01-11",
            "onboarded_at": "2027-02-12T17:00:00Z",
            "items": [
                {
                    "kind": "onboarding",
                    "key": "onboarding",
                    "title": "Onboarding",
                    "opens_at": "2027-01-11T09:00:00Z",
                    "due_at": "2027-02-12T17:00:00Z",
                    "deadlines": [
                        {
                            "key": "step:agreement",
                            "title": "Sign the agreement",
                            "owner": "lead",
                            "due_at": "2027-01-25T17:00:00Z",
                            "rule": "10 working days after the start",
                            "rungs": [
                                {
                                    "name": "soon",
                                    "at": "2027-01-20T09:00:00Z",
                                    "to": ["owner"],
                                    "says": "reminder",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )
    engagement: str
    start: date
    onboarded_at: datetime
    items: list[PlannedItem]


_CALENDAR = TypeAdapter(WorkingCalendar)


async def planned(backend: Backend, actor: Actor, engagement_id: str) -> Plan:
    """Every date of an engagement as the plan has it today. Raises the problem ``not-found``."""
    require(actor, "show_plan")
    async with backend.database.reading() as session:
        found = await planned_from(session, engagement_id, visible_to=visibility(actor))
    if found is None:
        raise Problem("not-found")
    definition, titles = await parsed_in_thread(found.source)
    calendar = _CALENDAR.validate_python(found.calendar)
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
