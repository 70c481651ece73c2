"""Emails about a review milestone."""

from datetime import datetime

from notifications import context as c
from notifications.builders.shapes import ask, letter, planned_review, reviews_of, told
from notifications.occasion import Occasion


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
