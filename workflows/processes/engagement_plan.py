"""What an engagement opens by itself, and when: the onboarding, advice cycles, reviews."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

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
from workflows.ids import scheduled_item_id
from workflows.messages import ItemInput
from workflows.processes.engagement_state import RecordedEngagement

AROUND_BEFORE = timedelta(days=31)
AROUND_AFTER = timedelta(days=550)
"""The days off that travel with an item: its own time, and as far as its deadlines can be moved."""


@dataclass(frozen=True)
class Opening:
    """An item that the plan will open by itself."""

    at: datetime
    kind: ItemKind
    key: str


class PlannedEngagement(RecordedEngagement):
    """Every date comes from the planner; this says which of them are still to come."""

    def next_opening(self) -> datetime | None:
        """When the plan next has something to do."""
        return min((opening.at for opening in self.upcoming()), default=None)

    def upcoming(self) -> list[Opening]:
        """What the plan will open, soonest first."""
        if self.opened_at is None or self.is_closed:
            return []
        if self.onboarded_at is None:
            return [] if self.knows("onboarding", "onboarding") else [self._onboarding()]
        openings = [
            Opening(review.opens_at, "review", review.key)
            for review in self._reviews(self.onboarded_at)
            if not self.knows("review", review.key)
        ]
        cycle = self._next_cycle(self.onboarded_at)
        if cycle is not None:
            openings.append(cycle)
        return sorted(openings, key=lambda opening: (opening.at, opening.kind, opening.key))

    def open_advice(self) -> str:
        """The id of the advice cycle that is open, or nothing."""
        return next((one for one, name in self.items.items() if name.startswith("advice:")), "")

    def open_planned(self, opening: Opening, now: datetime) -> ItemInput:
        """Note that a planned item is open, and give what it starts from."""
        item_id = scheduled_item_id(self.input.engagement_id, opening.kind, opening.key)
        self.items[item_id] = f"{opening.kind}:{opening.key}"
        item = self.item_input(opening.kind, opening.key, item_id, now)
        match opening.kind:
            case "onboarding":
                # On an always-open calendar a start is an instant, that of the opening.
                begins = None if self.calendar.always_open else self._onboarding().at
                return replace(item, onboarding=self.rules.onboarding, begins=begins)
            case "review":
                review = self._review(opening.key)
                return replace(item, review=self.rules.review(opening.key), due=review.due_at)
            case _:
                self.cycles = (*self.cycles, now)
                carried, self.carried = self.carried, ()
                return replace(item, advice=self.rules.advice, carried=carried)

    def changes_with(self, kind: ItemKind) -> bool:
        """Whether the engagement's own reading copy changes when such an item opens."""
        return kind == "advice"

    def due_before(self, after: str) -> datetime | None:
        """When what a review follows is due: another review, or (where known) the onboarding."""
        if after == "onboarding":
            return self.onboarded_at
        changes = Adjustments(onboarded_at=self.onboarded_at, moved=self.moved)
        start = self.opened_at if self.calendar.always_open else None
        planned = plan(self.rules, start or self.input.start, self.calendar, changes)
        return planned.item("review", after).due_at

    def _move_review(self, review: str, due: date) -> None:
        """Later reviews follow, but for those that have opened: these keep the date they have."""
        before = self._review_dues()
        self.moved[review] = due
        for key, at in self._review_dues().items():
            if at != before[key] and self.knows("review", key):
                self.moved.setdefault(key, self.calendar.local_date(before[key]))

    def _review_dues(self) -> dict[str, datetime]:
        if self.onboarded_at is None:
            return {}
        return {one.key: one.due_at for one in self._reviews(self.onboarded_at)}

    def _next_cycle(self, onboarded_at: datetime) -> Opening | None:
        if self.rolling_over or self.stage != "active":
            return None
        at = next_cycle_at(self.rules, self.calendar, onboarded_at, self.cycles, self.moved)
        return None if at is None else Opening(at, "advice", str(len(self.cycles) + 1))

    def item_input(
        self, kind: ItemKind, key: str, item_id: str, now: datetime, by: str = "milepost"
    ) -> ItemInput:
        """What an item of that kind and key starts from, but for what is its kind's own."""
        return ItemInput(
            engagement_id=self.input.engagement_id,
            item_id=item_id,
            kind=kind,
            key=key,
            opened_at=now,
            by=by,
            calendar=self._calendar_around(now),
            ladders=self._ladders(kind, key),
            soon=self.rules.soon,
            title=f"{kind} {key}, member {self.input.member_id}",
        )

    def _calendar_around(self, now: datetime) -> WorkingCalendar:
        # A start in the past counts its days from then.
        today = self.calendar.local_date(now)
        first = min(today, self.input.start) if self.onboarded_at is None else today
        return self.calendar.within(first - AROUND_BEFORE, today + AROUND_AFTER)

    def _ladders(self, kind: ItemKind, key: str) -> dict[str, LadderRule]:
        names = self.rules.ladders_of(kind, key)
        return {name: ladder for name, ladder in self.rules.ladders.items() if name in names}

    def _onboarding(self) -> Opening:
        assert self.opened_at is not None
        start = self.opened_at if self.calendar.always_open else self.input.start
        at = start_instant(start, self.calendar)
        return Opening(at, "onboarding", "onboarding")

    def _reviews(self, onboarded_at: datetime) -> tuple[PlannedItem, ...]:
        return review_dates(self.rules, self.calendar, onboarded_at, self.moved)

    def _review(self, key: str) -> PlannedItem:
        assert self.onboarded_at is not None
        return next(one for one in self._reviews(self.onboarded_at) if one.key == key)
