"""What many kinds of email share: that they ask, that they pass on words, a line of a list."""

from datetime import date, datetime

from notifications.content import context as c
from notifications.content.message import Occasion
from notifications.content.scene import MEMBERS_OWN, OpenTask
from programmes.planner import review_dates
from programmes.plans import PlannedItem


def letter(it: Occasion) -> c.Letter:
    """An email that asks for nothing."""
    scene = it.scene
    return c.Letter(
        to=it.recipient.name,
        member=scene.member,
        programme=scene.titles.programme,
        office=scene.titles.office,
        reply_to=scene.titles.reply_to,
        item=it.item_title(),
        link=it.link(),
        why=it.why(),
    )


def told(it: Occasion) -> c.Told:
    """It passes on what somebody wrote."""
    return c.Told(**vars(letter(it)), words=it.words)


def ask(it: Occasion) -> c.Ask:
    """It asks for one task."""
    task = it.open_task()
    words = it.task_words(task)
    return c.Ask(
        **vars(letter(it)), task=words.title, todo=words.todo, by=it.scene.clock.due(task.due_at)
    )


def ask_told(it: Occasion) -> c.AskTold:
    """It asks, and passes on what somebody wrote."""
    return c.AskTold(**vars(ask(it)), words=it.words)


def chase(it: Occasion) -> c.Chase:
    """An email of a ladder."""
    task = it.open_task()
    return c.Chase(
        **vars(ask(it)),
        owner=it.scene.name_of(task.owner_id),
        yours=it.is_mine(task),
        about=it.scene.member if is_outside(it) else "",
    )


def step_ready(it: Occasion) -> c.StepReady:
    """A step of the onboarding."""
    return c.StepReady(**vars(ask(it)), outside=is_outside(it))


def is_outside(it: Occasion) -> bool:
    """Whether it is for somebody of the office, who may have many members."""
    return it.recipient.role not in MEMBERS_OWN


def moved(it: Occasion) -> c.Moved:
    """A task with a new date."""
    before = ""
    for fact in it.scene.facts:
        if fact.kind == "deadline.moved" and fact.data.get("task") == it.task:
            before = fact.data.get("before", "")
    was = it.scene.clock.due(datetime.fromisoformat(before)) if before else ""
    return c.Moved(**vars(ask_told(it)), was=was, outside=is_outside(it))


def planned_review(it: Occasion, review: PlannedItem) -> c.PlannedReview:
    """A review to come, with its dates in words."""
    due = it.scene.clock.due
    return c.PlannedReview(
        it.scene.titles.review(review.key), due(review.opens_at), due(review.due_at)
    )


def todo_line(it: Occasion, task: OpenTask) -> c.Todo:
    """A task as a line of a list."""
    words = it.task_words(task)
    return c.Todo(
        title=words.title,
        by=it.scene.clock.due(task.due_at),
        todo=words.todo,
        owner=it.scene.name_of(task.owner_id),
    )


def reviews_of(it: Occasion) -> tuple[PlannedItem, ...]:
    """The reviews of the plan as they are dated now: none before the onboarding ends."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    if definition is None or at is None:
        return ()
    return review_dates(definition.rules(), it.calendar, at, moved_reviews(it))


def moved_reviews(it: Occasion) -> dict[str, date]:
    """The reviews that a manager has moved, and to which day."""
    return {key: date.fromisoformat(day) for key, day in it.scene.moved.items()}
