"""The items of a plan: their types, and the dates of reviews and advice cycles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.deadlines import (
    PlannedDeadline,
    deadline,
    due_after,
    due_on,
    opening_after,
    opening_before,
)
from programmes.durations import in_words, parse_duration
from programmes.rules import AdviceRules, ItemKind, ReviewRule, Rules, StageRule

ONBOARDING = "onboarding"
"""The key of the onboarding, and what a review may come after."""


@dataclass(frozen=True)
class PlannedItem:
    """One item with the deadlines that its steps or stages are expected to have."""

    kind: ItemKind
    key: str
    opens_at: datetime
    due_at: datetime
    deadlines: tuple[PlannedDeadline, ...]

    def deadline(self, key: str) -> PlannedDeadline:
        """The deadline of that key. Raises ``KeyError`` where the item has none."""
        for planned in self.deadlines:
            if planned.key == key:
                return planned
        raise KeyError(key)


@dataclass(frozen=True)
class Plan:
    """Every date of an engagement. Open work is taken to end exactly when it is due."""

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
    """What has happened to the plan so far."""

    onboarded_at: datetime | None = None
    moved: Mapping[str, date] = field(default_factory=dict)
    """New due dates: a review's key, or ``step:<key>``, to the day."""
    cycles: tuple[datetime, ...] = ()
    """When each advice cycle so far opened."""
    done: Mapping[str, datetime] = field(default_factory=dict)
    """When each finished onboarding step was done or waived, by its key."""


def after_words(duration: str, what: str) -> str:
    """The rule behind a date: ``3 working days after the start``."""
    span = parse_duration(duration)
    if span.count == 0:
        return f"at {what}" if span.is_exact else f"on the day of {what}"
    return f"{in_words(span)} {'before' if span.sign < 0 else 'after'} {what}"


def moved_words(day: date) -> str:
    """The rule behind a date that a manager set."""
    return f"moved to {day.isoformat()}"


def review_dates(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    moved: Mapping[str, date],
) -> tuple[PlannedItem, ...]:
    """When each review opens and is due; ``moved`` sets the due date of a review by its key."""
    due = review_dues(rules, calendar, onboarded_at, moved)
    return tuple(
        _review(rules, review, due[review.key], calendar, onboarded_at, moved.get(review.key))
        for review in rules.reviews
    )


def review_dues(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    moved: Mapping[str, date],
) -> dict[str, datetime]:
    """When each review is due, by its key. Moving a review also moves the reviews after it."""
    due = {ONBOARDING: onboarded_at}
    waiting = list(rules.reviews)
    while waiting:
        ready = [review for review in waiting if review.after in due]
        if not ready:
            raise ValueError("reviews wait for each other")
        for review in ready:
            day = moved.get(review.key)
            due[review.key] = (
                due_after(calendar, due[review.after], review.plus)
                if day is None
                else due_on(calendar, day)
            )
            waiting.remove(review)
    del due[ONBOARDING]
    return due


def _review(
    rules: Rules,
    review: ReviewRule,
    due: datetime,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    moved: date | None,
) -> PlannedItem:
    opens = max(opening_before(calendar, due, review.opens), onboarded_at)
    submit = deadline(
        "submit",
        review.submit,
        due,
        rules.ladders,
        calendar,
        soon=rules.soon,
        rule=_rule(review) if moved is None else moved_words(moved),
        opens=opens,
    )
    sign_off = deadline(
        "sign_off",
        review.sign_off,
        due_after(calendar, due, review.sign_off.due),
        rules.ladders,
        calendar,
        soon=rules.soon,
        rule=after_words(review.sign_off.due, "the sending of the review"),
        opens=due,
    )
    return PlannedItem("review", review.key, opens, due, (submit, sign_off))


def _rule(review: ReviewRule) -> str:
    onboarded = review.after == ONBOARDING
    return after_words(
        review.plus, "the end of the onboarding" if onboarded else f"review {review.after}"
    )


_WITHOUT_REVIEWS = "P12M"
"""How far ahead cycles are planned without a review, which would set the programme's end."""


def next_cycle_at(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    cycles: tuple[datetime, ...],
    moved: Mapping[str, date] | None = None,
) -> datetime | None:
    """When the next advice cycle opens; ``None`` without advice, and from the last review's day.

    ``cycles`` holds the openings so far. Every cycle counts its interval from the first one, so a
    cycle that opened late does not delay the next.
    """
    if rules.advice is None:
        return None
    first = opening_after(calendar, onboarded_at, parse_duration(rules.advice.first))
    interval = parse_duration(rules.advice.interval)
    dues = review_dues(rules, calendar, onboarded_at, moved or {})
    last = max(dues.values(), default=None)
    turn = len(cycles)
    opening = opening_after(calendar, first, interval.times(turn)) if turn else first
    while cycles and opening <= cycles[-1] and _before(calendar, opening, last):
        turn += 1
        opening = opening_after(calendar, first, interval.times(turn))
    return opening if _before(calendar, opening, last) else None


def planned_cycles(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    cycles: tuple[datetime, ...],
    moved: Mapping[str, date],
) -> tuple[PlannedItem, ...]:
    """The cycles that opened at ``cycles``, and all future ones."""
    if rules.advice is None:
        return ()
    horizon = due_after(calendar, onboarded_at, _WITHOUT_REVIEWS)
    openings = list(cycles)
    while following := next_cycle_at(rules, calendar, onboarded_at, tuple(openings), moved):
        if not rules.reviews and following > horizon:
            break
        openings.append(following)
    return tuple(
        _cycle(rules, rules.advice, str(number), opening, calendar)
        for number, opening in enumerate(openings, start=1)
    )


def _before(calendar: WorkingCalendar, opening: datetime, last_due: datetime | None) -> bool:
    if last_due is None:
        return True
    # A cycle does not open on the day of the last review, when the programme ends.
    if calendar.always_open:
        return opening < last_due
    return calendar.local_date(opening) < calendar.local_date(last_due)


def _cycle(
    rules: Rules, advice: AdviceRules, key: str, opening: datetime, calendar: WorkingCalendar
) -> PlannedItem:
    proposed = due_after(calendar, opening, advice.propose.due)
    confirmed = due_after(calendar, proposed, advice.confirm.due)
    session = _expected_session(calendar, confirmed, advice)
    agenda = max(confirmed, due_after(calendar, session, advice.agenda.due))

    def at(
        name: str, stage: StageRule, opens: datetime, due: datetime, anchor: str
    ) -> PlannedDeadline:
        rule = after_words(stage.due, anchor)
        soon, ladders = rules.soon, rules.ladders
        return deadline(name, stage, due, ladders, calendar, soon=soon, rule=rule, opens=opens)

    held = due_after(calendar, session, advice.session.due)
    noted = due_after(calendar, session, advice.notes.due)
    deadlines = (
        at("propose", advice.propose, opening, proposed, "the opening of the cycle"),
        at("confirm", advice.confirm, proposed, confirmed, "the proposal of dates"),
        at("agenda", advice.agenda, confirmed, agenda, "the session"),
        at("session", advice.session, confirmed, held, "the session"),
        at("notes", advice.notes, session, noted, "the session"),
    )
    return PlannedItem("advice", key, opening, max(each.due_at for each in deadlines), deadlines)


def _expected_session(
    calendar: WorkingCalendar, confirmed: datetime, advice: AdviceRules
) -> datetime:
    # The date of the session is not known yet. The plan expects it twice the agenda's lead after
    # the date is confirmed, which leaves enough time for the agenda.
    lead = parse_duration(advice.agenda.due)
    room = advice.agenda.due.removeprefix("-") if lead.count else "0wd"
    return due_after(calendar, due_after(calendar, confirmed, room), room)
