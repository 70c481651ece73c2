"""Emails about an advice cycle."""

from datetime import datetime

from notifications.content import context as c
from notifications.content.builders.shapes import (
    ask,
    letter,
    moved_reviews,
    planned_review,
    reviews_of,
    todo_line,
    told,
)
from notifications.content.message import Occasion
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


def review_opened(it: Occasion) -> c.ReviewOpened:
    """What to prepare."""
    review, prefix = it.scene.item_key, "check:"
    return c.ReviewOpened(
        **vars(ask(it)),
        about=it.scene.titles.review_texts.get(review, ""),
        checks=tuple(
            it.scene.titles.check(review, key.removeprefix(prefix))
            for key in it.scene.item_data
            if key.startswith(prefix)
        ),
    )


def signed_off(it: Occasion) -> c.SignedOff:
    """The milestone, and the one after it in the plan."""
    plan = sorted(reviews_of(it), key=lambda review: (review.due_at, review.key))
    names = [review.key for review in plan]
    here = names.index(it.scene.item_key) if it.scene.item_key in names else None
    following = plan[here + 1] if here is not None and here + 1 < len(plan) else None
    return c.SignedOff(
        **vars(told(it)),
        next_review=it.scene.titles.review(following.key) if following else "",
        next_by=it.scene.clock.due(following.due_at) if following else "",
        last=here is not None and following is None,
    )


def review_called_off(it: Occasion) -> c.CalledOff:
    """The day that has gone from the recipient's calendar."""
    return c.CalledOff(**vars(letter(it)), was=it.day(it.entry))


def replanned(it: Occasion) -> c.Replanned:
    """The review that was moved, and those that come after it."""
    review = it.fact_data("review.planned_moved", "review")
    before = it.fact_data("review.planned_moved", "before")
    after = datetime.fromisoformat(it.fact_data("review.planned_moved", "after"))
    clock = it.scene.clock
    return c.Replanned(
        **vars(told(it)),
        review=it.scene.titles.review(review),
        was=clock.due(datetime.fromisoformat(before)) if before else "",
        by=clock.due(after),
        reviews=tuple(planned_review(it, one) for one in reviews_of(it) if one.due_at >= after),
    )
