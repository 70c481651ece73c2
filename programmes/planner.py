"""Computes every date of an engagement from its rules, start and calendar: a pure function.

Workflows, previews and tests import the planner from here.
"""

from collections.abc import Mapping
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.deadlines import (
    PlannedDeadline,
    PlannedRung,
    deadline,
    due_after,
    due_on,
    heard_by,
)
from programmes.plans import (
    ONBOARDING,
    Adjustments,
    Plan,
    PlannedItem,
    after_words,
    moved_words,
    next_cycle_at,
    planned_cycles,
    review_dates,
)
from programmes.rules import Rules, StepRule

__all__ = [
    "Adjustments",
    "Plan",
    "PlannedDeadline",
    "PlannedItem",
    "PlannedRung",
    "after_words",
    "deadline",
    "due_after",
    "due_on",
    "heard_by",
    "moved_words",
    "next_cycle_at",
    "plan",
    "review_dates",
    "start_instant",
]


def plan(
    rules: Rules,
    start: date | datetime,
    calendar: WorkingCalendar,
    adjustments: Adjustments | None = None,
) -> Plan:
    """Every date of an engagement that starts on ``start``.

    An always-open calendar counts from an instant, so ``start`` may be a ``datetime`` there.
    """
    changes = adjustments or Adjustments()
    opening = start_instant(start, calendar)
    onboarding = _onboarding(rules, opening, calendar, changes)
    onboarded_at = changes.onboarded_at or onboarding.due_at
    reviews = review_dates(rules, calendar, onboarded_at, changes.moved)
    cycles = planned_cycles(rules, calendar, onboarded_at, changes.cycles, changes.moved)
    later = sorted((*reviews, *cycles), key=lambda item: (item.opens_at, item.kind, item.key))
    day = calendar.local_date(start) if isinstance(start, datetime) else start
    return Plan(start=day, onboarded_at=onboarded_at, items=(onboarding, *later))


def start_instant(start: date | datetime, calendar: WorkingCalendar) -> datetime:
    """The opening of the first working day on or after ``start``.

    On an always-open calendar it is the instant itself.
    """
    if isinstance(start, datetime):
        if calendar.always_open:
            return calendar.next_working_instant(start)
        start = calendar.local_date(start)
    return calendar.opening(calendar.roll_forward(start))


def _onboarding(
    rules: Rules, opening: datetime, calendar: WorkingCalendar, changes: Adjustments
) -> PlannedItem:
    done: dict[str, datetime] = {}
    deadlines: dict[str, PlannedDeadline] = {}
    waiting = list(rules.onboarding)
    while waiting:
        ready = [step for step in waiting if all(key in done for key in step.after)]
        if not ready:
            raise ValueError("onboarding steps wait for each other")
        for step in ready:
            moved = changes.moved.get(f"step:{step.key}")
            planned = _step(rules, step, opening, calendar, done, moved)
            deadlines[step.key] = planned
            done[step.key] = changes.done.get(step.key, planned.due_at)
            waiting.remove(step)
    return PlannedItem(
        kind="onboarding",
        key=ONBOARDING,
        opens_at=opening,
        due_at=max(done.values(), default=opening),
        deadlines=tuple(deadlines[step.key] for step in rules.onboarding),
    )


def _step(
    rules: Rules,
    step: StepRule,
    opening: datetime,
    calendar: WorkingCalendar,
    done: Mapping[str, datetime],
    moved: date | None,
) -> PlannedDeadline:
    opens = max((done[key] for key in step.after), default=opening)
    last = max(step.after, key=lambda key: done[key], default="")
    return deadline(
        f"step:{step.key}",
        step.stage,
        due_after(calendar, opens, step.stage.due) if moved is None else due_on(calendar, moved),
        rules.ladders,
        calendar,
        soon=rules.soon,
        rule=(
            after_words(step.stage.due, f"step {last}" if last else "the start")
            if moved is None
            else moved_words(moved)
        ),
        opens=opens,
    )
