"""When the reviews open and are due, computed from the end of the onboarding."""

from collections.abc import Mapping
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.deadlines import deadline, due_after, due_on, opening_before
from programmes.plans import ONBOARDING, PlannedItem, after_words, moved_words
from programmes.rules import ReviewRule, Rules


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
