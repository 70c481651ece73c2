"""Which items the plan of an engagement opens and when. Pure: it looks up what the planner says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from programmes.calendar import WorkingCalendar
from programmes.planner import (
    Adjustments,
    PlannedItem,
    next_cycle_at,
    plan,
    review_dates,
    start_instant,
)
from programmes.rules import ItemKind, LadderRule
from workflows.messages import EngagementInput, ItemInput

AROUND_BEFORE = timedelta(days=31)
AROUND_AFTER = timedelta(days=550)
"""Around an opening, the days off that an item gets: as far as its deadlines can be moved."""

ANSWERS_KEPT = 2
"""A move asks for the dates before and after it."""

Moved = Mapping[str, date]
"""The due dates that were moved, by the review's key."""


@dataclass(frozen=True)
class Opening:
    """An item that the plan will open."""

    at: datetime
    kind: ItemKind
    key: str


class EngagementPlan:
    """The dates of one engagement by its rules and calendar, for a state that the caller hands in.

    A workflow asks at each wake, and mostly nothing has changed since. So the last answers are
    kept: counting working days was most of what a wake cost.
    """

    def __init__(self, engagement: EngagementInput) -> None:
        self.input = engagement
        self.rules = engagement.rules
        self.calendar = engagement.calendar
        self._kept_reviews = lru_cache(ANSWERS_KEPT)(self._work_out_reviews)
        self._kept_cycle = lru_cache(ANSWERS_KEPT)(self._work_out_cycle)

    def onboarding(self, opened_at: datetime) -> Opening:
        """When the onboarding opens."""
        start = opened_at if self.calendar.always_open else self.input.start
        return Opening(start_instant(start, self.calendar), "onboarding", "onboarding")

    def reviews(self, onboarded_at: datetime, moved: Moved) -> tuple[PlannedItem, ...]:
        """When each review opens and is due."""
        return self._kept_reviews(onboarded_at, tuple(moved.items()))

    def review(self, key: str, onboarded_at: datetime, moved: Moved) -> PlannedItem:
        """When that review opens and is due."""
        return next(one for one in self.reviews(onboarded_at, moved) if one.key == key)

    def next_cycle(
        self, onboarded_at: datetime, moved: Moved, cycles: tuple[datetime, ...]
    ) -> Opening | None:
        """The advice cycle after ``cycles``, which holds the openings so far."""
        at = self._kept_cycle(onboarded_at, tuple(moved.items()), cycles)
        return None if at is None else Opening(at, "advice", str(len(cycles) + 1))

    def due_before(
        self, after: str, opened_at: datetime | None, onboarded_at: datetime | None, moved: Moved
    ) -> datetime | None:
        """When the review or onboarding that a review follows is due, if known."""
        if after == "onboarding":
            return onboarded_at
        changes = Adjustments(onboarded_at=onboarded_at, moved=moved)
        start = opened_at if self.calendar.always_open else None
        planned = plan(self.rules, start or self.input.start, self.calendar, changes)
        return planned.item("review", after).due_at

    def item_input(
        self, kind: ItemKind, key: str, item_id: str, now: datetime, by: str, *, first: bool
    ) -> ItemInput:
        """The input of an item that opens now, without the fields of its kind. ``first``: the
        onboarding has not ended."""
        return ItemInput(
            engagement_id=self.input.engagement_id,
            item_id=item_id,
            kind=kind,
            key=key,
            opened_at=now,
            by=by,
            calendar=self._calendar_around(now, first),
            ladders=self._ladders(kind, key),
            soon=self.rules.soon,
            title=f"{kind} {key}, member {self.input.member_id}",
        )

    def _work_out_reviews(
        self, onboarded_at: datetime, moved: tuple[tuple[str, date], ...]
    ) -> tuple[PlannedItem, ...]:
        return review_dates(self.rules, self.calendar, onboarded_at, dict(moved))

    def _work_out_cycle(
        self,
        onboarded_at: datetime,
        moved: tuple[tuple[str, date], ...],
        cycles: tuple[datetime, ...],
    ) -> datetime | None:
        return next_cycle_at(self.rules, self.calendar, onboarded_at, cycles, dict(moved))

    def _calendar_around(self, now: datetime, first: bool) -> WorkingCalendar:
        # A start in the past counts its days from then.
        today = self.calendar.local_date(now)
        since = min(today, self.input.start) if first else today
        return self.calendar.within(since - AROUND_BEFORE, today + AROUND_AFTER)

    def _ladders(self, kind: ItemKind, key: str) -> dict[str, LadderRule]:
        names = self.rules.ladders_of(kind, key)
        return {name: ladder for name, ladder in self.rules.ladders.items() if name in names}
