"""Emails about an advice cycle."""

from datetime import datetime

from notifications import context as c
from notifications.builders.shapes import ask, letter, moved_reviews, todo_line, told
from notifications.occasion import Occasion
from programmes.planner import next_cycle_at


def advice_opened(it: Occasion) -> c.AdviceOpened:
    """A new cycle, with what came over from the last one."""
    carried = it.fact_data("advice.opened", "carried") or "0"
    return c.AdviceOpened(**vars(ask(it)), carried=int(carried))


def dates(it: Occasion) -> c.Dates:
    """The dates to choose from, in the order in which they were proposed."""
    proposed = sorted(
        (int(key.removeprefix("date:")), value)
        for key, value in it.scene.item_data.items()
        if key.startswith("date:")
    )
    return c.Dates(
        **vars(ask(it)),
        dates=tuple(it.moment(value) for _, value in proposed),
        adviser=it.scene.name_of(it.scene.adviser_id),
    )


def session(it: Occasion) -> c.Session:
    """The session with its date."""
    return c.Session(**vars(letter(it)), session=it.moment(it.data("session")))


def called_off(it: Occasion) -> c.Session:
    """The session that has gone from the recipient's calendar."""
    return c.Session(**vars(letter(it)), session=it.moment(it.entry))


def agenda(it: Occasion) -> c.Agenda:
    """What it will cover."""
    return c.Agenda(**vars(told(it)), session=it.moment(it.data("session")))


def notes(it: Occasion) -> c.Notes:
    """What was said, and what was agreed: the actions that are still to be done."""
    actions = tuple(
        todo_line(it, task)
        for task in sorted(it.scene.tasks.values(), key=lambda task: task.due_at)
        if task.family == "action"
    )
    return c.Notes(**vars(told(it)), held=it.day(it.data("held")), actions=actions)


def cycle_closed(it: Occasion) -> c.CycleClosed:
    """A cycle is over; the next opens by itself while the engagement is active."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    cycles = tuple(datetime.fromisoformat(one) for one in it.scene.cycles)
    following = (
        next_cycle_at(definition.rules(), it.calendar, at, cycles, moved_reviews(it))
        if definition and at and it.scene.stage == "active"
        else None
    )
    return c.CycleClosed(
        **vars(told(it)),
        cancelled=it.fact_data("advice.closed", "outcome") == "cancelled",
        next_from=it.scene.clock.due(following) if following else "",
    )
