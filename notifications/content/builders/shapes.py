"""Contexts that many kinds of email share, and lines of lists."""

from datetime import date, datetime

from notifications.content import context as c
from notifications.content.message import Message
from notifications.content.scene import MEMBERS_OWN, OpenTask
from programmes.planner import review_dates
from programmes.plans import PlannedItem


def letter(it: Message) -> c.Letter:
    """The context of an email that asks for nothing."""
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


def quoting(it: Message) -> c.Quoting:
    """The context of an email that quotes what a person wrote."""
    return c.Quoting(**vars(letter(it)), words=it.words)


def ask(it: Message) -> c.Ask:
    """The context of an email that asks for a task. Raises ``MissingFact``."""
    task = it.open_task()
    words = it.task_words(task)
    return c.Ask(
        **vars(letter(it)), task=words.title, todo=words.todo, by=it.scene.clock.due(task.due_at)
    )


def ask_quoting(it: Message) -> c.AskQuoting:
    """The context of an email that asks for a task and quotes a text. Raises ``MissingFact``."""
    return c.AskQuoting(**vars(ask(it)), words=it.words)


def chase(it: Message) -> c.Chase:
    """The context of an email of a ladder. Raises ``MissingFact``."""
    task = it.open_task()
    return c.Chase(
        **vars(ask(it)),
        owner=it.scene.name_of(task.owner_id),
        yours=it.is_mine(task),
        about=it.scene.member if is_outside(it) else "",
    )


def step_ready(it: Message) -> c.StepReady:
    """An onboarding step that can be done now. Raises ``MissingFact``."""
    return c.StepReady(**vars(ask(it)), outside=is_outside(it))


def is_outside(it: Message) -> bool:
    """Whether the recipient is of the office, and may have many members."""
    return it.recipient.role not in MEMBERS_OWN


def moved(it: Message) -> c.Moved:
    """A task with a new date. Raises ``MissingFact``."""
    before = ""
    for fact in it.scene.facts:
        if fact.kind == "deadline.moved" and fact.data.get("task") == it.task:
            before = fact.data.get("before", "")
    was = it.scene.clock.due(datetime.fromisoformat(before)) if before else ""
    return c.Moved(**vars(ask_quoting(it)), was=was, outside=is_outside(it))


def planned_review(it: Message, review: PlannedItem) -> c.PlannedReview:
    """A coming review, with its dates in words."""
    due = it.scene.clock.due
    return c.PlannedReview(
        it.scene.titles.review(review.key), due(review.opens_at), due(review.due_at)
    )


def todo_line(it: Message, task: OpenTask) -> c.Todo:
    """A task as a line of a list."""
    words = it.task_words(task)
    return c.Todo(
        title=words.title,
        by=it.scene.clock.due(task.due_at),
        todo=words.todo,
        owner=it.scene.name_of(task.owner_id),
    )


def reviews_of(it: Message) -> tuple[PlannedItem, ...]:
    """The planned reviews with their current dates; empty before onboarding ends."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    if definition is None or at is None:
        return ()
    return review_dates(definition.rules(), it.calendar, at, moved_reviews(it))


def moved_reviews(it: Message) -> dict[str, date]:
    """The reviews that a manager has moved, and their new days."""
    return {key: date.fromisoformat(day) for key, day in it.scene.moved.items()}
