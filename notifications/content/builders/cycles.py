"""Emails about advice cycles and reviews."""

from datetime import datetime

from notifications.content import context as c
from notifications.content.builders.shapes import (
    ask,
    letter,
    moved_reviews,
    planned_review,
    quoting,
    reviews_of,
    todo_line,
)
from notifications.content.message import Message
from programmes.planner import next_cycle_at


def advice_opened(it: Message) -> c.AdviceOpened:
    """A new cycle, with the actions carried into it. Raises ``MissingFact``."""
    carried = it.fact_data("advice.opened", "carried") or "0"
    return c.AdviceOpened(**vars(ask(it)), carried=int(carried))


def dates(it: Message) -> c.Dates:
    """The dates to choose from, in the order of the proposal. Raises ``MissingFact``."""
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


def session(it: Message) -> c.Session:
    """The session with its date."""
    return c.Session(**vars(letter(it)), session=it.moment(it.data("session")))


def called_off(it: Message) -> c.Session:
    """The session that is removed from the recipient's calendar."""
    return c.Session(**vars(letter(it)), session=it.moment(it.entry))


def agenda(it: Message) -> c.Agenda:
    """What the session will cover."""
    return c.Agenda(**vars(quoting(it)), session=it.moment(it.data("session")))


def notes(it: Message) -> c.Notes:
    """The notes, and the agreed actions that are still open."""
    actions = tuple(
        todo_line(it, task)
        for task in sorted(it.scene.tasks.values(), key=lambda task: task.due_at)
        if task.family == "action"
    )
    return c.Notes(**vars(quoting(it)), held=it.day(it.data("held")), actions=actions)


def cycle_closed(it: Message) -> c.CycleClosed:
    """The end of a cycle. The next opens by itself while the engagement is active."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    cycles = tuple(datetime.fromisoformat(one) for one in it.scene.cycles)
    following = (
        next_cycle_at(definition.rules(), it.calendar, at, cycles, moved_reviews(it))
        if definition and at and it.scene.stage == "active"
        else None
    )
    return c.CycleClosed(
        **vars(quoting(it)),
        cancelled=it.fact_data("advice.closed", "outcome") == "cancelled",
        next_from=it.scene.clock.due(following) if following else "",
    )


def review_opened(it: Message) -> c.ReviewOpened:
    """What to prepare for a review. Raises ``MissingFact``."""
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


def signed_off(it: Message) -> c.SignedOff:
    """The review that was signed off, and the next one in the plan."""
    plan = sorted(reviews_of(it), key=lambda review: (review.due_at, review.key))
    names = [review.key for review in plan]
    here = names.index(it.scene.item_key) if it.scene.item_key in names else None
    following = plan[here + 1] if here is not None and here + 1 < len(plan) else None
    return c.SignedOff(
        **vars(quoting(it)),
        next_review=it.scene.titles.review(following.key) if following else "",
        next_by=it.scene.clock.due(following.due_at) if following else "",
        last=here is not None and following is None,
    )


def review_called_off(it: Message) -> c.CalledOff:
    """The day that is removed from the recipient's calendar."""
    return c.CalledOff(**vars(letter(it)), was=it.day(it.entry))


def replanned(it: Message) -> c.Replanned:
    """The review that was moved, and those after it."""
    review = it.fact_data("review.planned_moved", "review")
    before = it.fact_data("review.planned_moved", "before")
    after = datetime.fromisoformat(it.fact_data("review.planned_moved", "after"))
    clock = it.scene.clock
    return c.Replanned(
        **vars(quoting(it)),
        review=it.scene.titles.review(review),
        was=clock.due(datetime.fromisoformat(before)) if before else "",
        by=clock.due(after),
        reviews=tuple(planned_review(it, one) for one in reviews_of(it) if one.due_at >= after),
    )
