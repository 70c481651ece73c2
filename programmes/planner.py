"""Every date of an engagement, from its rules, its start and its calendar: one pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.deadlines import (
    PlannedDeadline,
    PlannedRung,
    deadline,
    due_after,
    due_on,
    opening_after,
    opening_before,
)
from programmes.durations import in_words, parse_duration
from programmes.rules import AdviceRules, ItemKind, ReviewRule, Rules, StageRule, StepRule

__all__ = [
    "Adjustments",
    "Plan",
    "PlannedDeadline",
    "PlannedItem",
    "PlannedRung",
    "deadline",
    "due_after",
    "due_on",
    "next_cycle_at",
    "plan",
    "review_dates",
    "start_instant",
]

ONBOARDING = "onboarding"

_WITHOUT_REVIEWS = "P12M"
"""How far ahead advice cycles are planned where no review says when the programme ends."""


@dataclass(frozen=True)
class PlannedItem:
    """One item with the deadlines that its steps or stages are expected to have."""

    kind: ItemKind
    key: str
    opens_at: datetime
    due_at: datetime
    deadlines: tuple[PlannedDeadline, ...]


@dataclass(frozen=True)
class Plan:
    """Every date of an engagement, as if each thing were done exactly when it is due."""

    start: date
    onboarded_at: datetime
    items: tuple[PlannedItem, ...]

    def item(self, kind: ItemKind, key: str) -> PlannedItem:
        """The item of that kind and key. Raises ``KeyError`` where the plan has none."""
        for item in self.items:
            if item.kind == kind and item.key == key:
                return item
        raise KeyError((kind, key))


@dataclass(frozen=True)
class Adjustments:
    """What has become of the plan so far."""

    onboarded_at: datetime | None = None
    moved: Mapping[str, date] = field(default_factory=dict)
    """New due dates: a review's key, or ``step:<key>``, to the day."""
    cycles: tuple[datetime, ...] = ()
    """When each advice cycle so far opened."""


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
    opening = start_instant(rules, start, calendar)
    onboarding = _onboarding(rules, opening, calendar, changes.moved)
    onboarded_at = changes.onboarded_at or onboarding.due_at
    reviews = review_dates(rules, calendar, onboarded_at, changes.moved)
    cycles = _cycles(rules, calendar, onboarded_at, changes)
    later = sorted((*reviews, *cycles), key=lambda item: (item.opens_at, item.kind, item.key))
    day = start.date() if isinstance(start, datetime) else start
    return Plan(start=day, onboarded_at=onboarded_at, items=(onboarding, *later))


def start_instant(rules: Rules, start: date | datetime, calendar: WorkingCalendar) -> datetime:
    """The opening of the first working day on or after ``start``."""
    if isinstance(start, datetime):
        if calendar.always_open:
            return calendar.next_working_instant(start)
        start = calendar.local_date(start)
    return calendar.opening(calendar.roll_forward(start))


def review_dates(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    moved: Mapping[str, date],
) -> tuple[PlannedItem, ...]:
    """When each review opens and is due, once the end of the onboarding is known."""
    due = _review_dues(rules, calendar, onboarded_at, moved)
    return tuple(
        _review(rules, review, due[review.key], calendar, onboarded_at, moved)
        for review in rules.reviews
    )


def next_cycle_at(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    cycles: tuple[datetime, ...],
    moved: Mapping[str, date] | None = None,
) -> datetime | None:
    """When the next advice cycle opens; ``None`` without advice, and from the day of the last review.

    Cycles keep to the interval from the first, so that one that opened late delays no other.
    """
    if rules.advice is None:
        return None
    interval = parse_duration(rules.advice.interval)
    first = opening_after(calendar, onboarded_at, parse_duration(rules.advice.first))
    turn = len(cycles)
    opening = opening_after(calendar, first, interval.times(turn)) if turn else first
    while cycles and opening <= cycles[-1]:
        turn += 1
        opening = opening_after(calendar, first, interval.times(turn))
    dues = _review_dues(rules, calendar, onboarded_at, moved or {})
    return None if dues and not _before(calendar, opening, max(dues.values())) else opening


def _before(calendar: WorkingCalendar, opening: datetime, last_due: datetime) -> bool:
    # A cycle that opened on the morning of the last review would begin what is ending.
    if calendar.always_open:
        return opening < last_due
    return calendar.local_date(opening) < calendar.local_date(last_due)


def _onboarding(
    rules: Rules, opening: datetime, calendar: WorkingCalendar, moved: Mapping[str, date]
) -> PlannedItem:
    due: dict[str, datetime] = {}
    deadlines: dict[str, PlannedDeadline] = {}
    waiting = list(rules.onboarding)
    while waiting:
        ready = [step for step in waiting if all(key in due for key in step.after)]
        if not ready:
            raise ValueError("onboarding steps wait for each other")
        for step in ready:
            opens = max((due[key] for key in step.after), default=opening)
            key = f"step:{step.key}"
            due[step.key] = _due(calendar, opens, step.stage.due, moved.get(key))
            deadlines[step.key] = deadline(
                key,
                step.stage,
                due[step.key],
                rules.ladders,
                calendar,
                soon=rules.soon,
                rule=_moved(moved.get(key)) or _step_rule(step, due),
                opens=opens,
            )
            waiting.remove(step)
    return PlannedItem(
        kind="onboarding",
        key=ONBOARDING,
        opens_at=opening,
        due_at=max(due.values(), default=opening),
        deadlines=tuple(deadlines[step.key] for step in rules.onboarding),
    )


def _review_dues(
    rules: Rules, calendar: WorkingCalendar, onboarded_at: datetime, moved: Mapping[str, date]
) -> dict[str, datetime]:
    due = {ONBOARDING: onboarded_at}
    waiting = list(rules.reviews)
    while waiting:
        ready = [review for review in waiting if review.after in due]
        if not ready:
            raise ValueError("reviews wait for each other")
        for review in ready:
            start = due[review.after]
            due[review.key] = _due(calendar, start, review.plus, moved.get(review.key))
            waiting.remove(review)
    del due[ONBOARDING]
    return due


def _review(
    rules: Rules,
    review: ReviewRule,
    due: datetime,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    moved: Mapping[str, date],
) -> PlannedItem:
    opens = max(opening_before(calendar, due, review.opens), onboarded_at)
    signed = due_after(calendar, due, review.sign_off.due)
    words = _moved(moved.get(review.key)) or _after_words(review.plus, _review_anchor(review))
    return PlannedItem(
        kind="review",
        key=review.key,
        opens_at=opens,
        due_at=due,
        deadlines=(
            deadline(
                "submit",
                review.submit,
                due,
                rules.ladders,
                calendar,
                soon=rules.soon,
                rule=words,
                opens=opens,
            ),
            deadline(
                "sign_off",
                review.sign_off,
                signed,
                rules.ladders,
                calendar,
                soon=rules.soon,
                rule=_after_words(review.sign_off.due, "it is submitted"),
                opens=due,
            ),
        ),
    )


def _cycles(
    rules: Rules, calendar: WorkingCalendar, onboarded_at: datetime, changes: Adjustments
) -> tuple[PlannedItem, ...]:
    if rules.advice is None:
        return ()
    openings = list(changes.cycles)
    horizon = due_after(calendar, onboarded_at, _WITHOUT_REVIEWS)
    while True:
        following = next_cycle_at(rules, calendar, onboarded_at, tuple(openings), changes.moved)
        if following is None or (not rules.reviews and following > horizon):
            break
        openings.append(following)
    return tuple(
        _cycle(rules, rules.advice, str(number), opening, calendar)
        for number, opening in enumerate(openings, start=1)
    )


def _cycle(
    rules: Rules, advice: AdviceRules, key: str, opening: datetime, calendar: WorkingCalendar
) -> PlannedItem:
    # Nobody knows yet when the session will be. The plan puts it twice the agenda's lead after
    # the date is confirmed, so that everything that hangs on it has room.
    proposed = due_after(calendar, opening, advice.propose.due)
    confirmed = due_after(calendar, proposed, advice.confirm.due)
    lead = parse_duration(advice.agenda.due)
    held = due_after(calendar, confirmed, advice.agenda.due.lstrip("-"))
    session = due_after(calendar, held, advice.agenda.due.lstrip("-"))
    stages: tuple[tuple[str, StageRule, datetime, datetime, str], ...] = (
        (
            "propose",
            advice.propose,
            opening,
            proposed,
            _after_words(advice.propose.due, "the cycle opens"),
        ),
        (
            "confirm",
            advice.confirm,
            proposed,
            confirmed,
            _after_words(advice.confirm.due, "dates are proposed"),
        ),
        ("agenda", advice.agenda, confirmed, held, f"{in_words(lead)} before the session"),
        (
            "session",
            advice.session,
            confirmed,
            due_after(calendar, session, advice.session.due),
            _after_words(advice.session.due, "the session"),
        ),
        (
            "notes",
            advice.notes,
            session,
            due_after(calendar, session, advice.notes.due),
            _after_words(advice.notes.due, "the session"),
        ),
    )
    deadlines = tuple(
        deadline(
            name, stage, due, rules.ladders, calendar, soon=rules.soon, rule=words, opens=opens
        )
        for name, stage, opens, due, words in stages
    )
    return PlannedItem("advice", key, opening, deadlines[-1].due_at, deadlines)


def _due(calendar: WorkingCalendar, start: datetime, duration: str, moved: date | None) -> datetime:
    return due_after(calendar, start, duration) if moved is None else due_on(calendar, moved)


def _moved(day: date | None) -> str:
    return "" if day is None else f"moved to {day.isoformat()}"


def _after_words(duration: str, what: str) -> str:
    return f"{in_words(parse_duration(duration))} after {what}"


def _review_anchor(review: ReviewRule) -> str:
    return "the end of the onboarding" if review.after == ONBOARDING else f"review {review.after}"


def _step_rule(step: StepRule, due: Mapping[str, datetime]) -> str:
    if not step.after:
        return _after_words(step.stage.due, "the start")
    return _after_words(step.stage.due, max(step.after, key=lambda key: due[key]))
