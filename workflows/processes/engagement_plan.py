"""The state of an engagement, how it is recorded, and which items its plan opens and when."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from programmes.calendar import WorkingCalendar
from programmes.facts import EngagementStage, EngagementState, Record
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
from workflows.messages import AgreedAction, EngagementInput, EngagementProgress, ItemInput
from workflows.processes.process import Decision

AROUND_BEFORE = timedelta(days=31)
AROUND_AFTER = timedelta(days=550)
"""Around an opening, the days off that an item gets: as far as its deadlines can be moved."""


@dataclass(frozen=True)
class Opening:
    """An item that the plan will open."""

    at: datetime
    kind: ItemKind
    key: str


class RecordedEngagement:
    """The state of an engagement. Each decision about it becomes a numbered record."""

    def __init__(self, engagement: EngagementInput) -> None:
        self.input = engagement
        self.rules = engagement.rules
        self.calendar = engagement.calendar
        self.stage: EngagementStage = "onboarding"
        self.sequence = 0
        self.opened_at: datetime | None = None
        self.onboarded_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.reason: str | None = None
        self.moved: dict[str, date] = {}
        self.moves: dict[str, int] = {}
        self.cycles: tuple[datetime, ...] = ()
        self.carried: tuple[AgreedAction, ...] = ()
        self.requests = 0
        self.items: dict[str, str] = {}
        self.ended: list[str] = []
        self.rolling_over = ""
        """The id of an advice cycle that has to close for the next one."""
        if engagement.progress is not None:
            self._take_up(engagement.progress)

    @property
    def id(self) -> str:
        """The id of the engagement."""
        return self.input.engagement_id

    @property
    def is_open(self) -> bool:
        """Whether its opening is recorded."""
        return self.opened_at is not None

    @property
    def is_closed(self) -> bool:
        """Whether it was completed or withdrawn."""
        return self.stage in ("completed", "withdrawn")

    def opening(self, now: datetime) -> Record:
        """The first record."""
        self.opened_at = now
        return self.decide(
            lambda decision: decision.fact(
                "engagement.opened", self.input.by, start=self.input.start.isoformat()
            ),
            now,
        )

    def decide(self, command: Callable[[Decision], None], now: datetime) -> Record:
        """Carry out one command and number what came of it."""
        decision = Decision(now, self.calendar)
        command(decision)
        return self._record(decision)

    def knows(self, kind: ItemKind, key: str) -> bool:
        """Whether such an item is open or has ended."""
        name = f"{kind}:{key}"
        return name in self.ended or name in self.items.values()

    def progress(self, processed: tuple[str, ...]) -> EngagementProgress:
        """The whole state, for continue-as-new."""
        return EngagementProgress(
            stage=self.stage,
            sequence=self.sequence,
            opened_at=self.opened_at,
            onboarded_at=self.onboarded_at,
            moved=dict(self.moved),
            cycles=self.cycles,
            carried=self.carried,
            requests=self.requests,
            items=dict(self.items),
            ended=tuple(self.ended),
            rolling_over=self.rolling_over,
            processed=processed,
            closed_at=self.closed_at,
            reason=self.reason,
            moves=dict(self.moves),
        )

    def restore(self, progress: EngagementProgress) -> None:
        """Undo a decision that could not be recorded."""
        self._take_up(progress)

    def _take_up(self, progress: EngagementProgress) -> None:
        self.stage = progress.stage
        self.sequence = progress.sequence
        self.opened_at = progress.opened_at
        self.onboarded_at = progress.onboarded_at
        self.moved = dict(progress.moved)
        self.moves = dict(progress.moves)
        self.cycles = progress.cycles
        self.carried = progress.carried
        self.requests = progress.requests
        self.items = dict(progress.items)
        self.ended = list(progress.ended)
        self.rolling_over = progress.rolling_over
        self.closed_at = progress.closed_at
        self.reason = progress.reason

    def _record(self, decision: Decision) -> Record:
        self.sequence += 1
        return Record(
            engagement_id=self.input.engagement_id,
            item_id=self.input.engagement_id,
            sequence=self.sequence,
            facts=tuple(decision.facts),
            engagement=EngagementState(
                stage=self.stage,
                started_on=self.input.start,
                opened_at=self.opened_at or decision.now,
                onboarded_at=self.onboarded_at,
                closed_at=self.closed_at,
                reason=self.reason,
                moved=dict(self.moved),
                cycles=self.cycles,
            ),
            notices=tuple(decision.notices),
        )


class PlannedEngagement(RecordedEngagement):
    """Adds the plan: the planner gives every date, and this says which are in the future."""

    def next_opening(self) -> datetime | None:
        """When the plan next opens an item."""
        return min((opening.at for opening in self.upcoming()), default=None)

    def upcoming(self) -> list[Opening]:
        """The items that the plan will open, soonest first."""
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
        """The id of the open advice cycle, or an empty string."""
        return next((one for one, name in self.items.items() if name.startswith("advice:")), "")

    def open_planned(self, opening: Opening, now: datetime) -> ItemInput:
        """Note that a planned item is open. Returns the item's input."""
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

    def cycle_opened(self, decision: Decision) -> None:
        """Note that a cycle opens, because the engagement's read model has its date. Every record
        has a fact, whose instant tells a lost decision from the one that was taken."""
        decision.fact("advice.scheduled", cycle=str(len(self.cycles)))

    def due_before(self, after: str) -> datetime | None:
        """When the review or onboarding that a review follows is due, if known."""
        if after == "onboarding":
            return self.onboarded_at
        changes = Adjustments(onboarded_at=self.onboarded_at, moved=self.moved)
        start = self.opened_at if self.calendar.always_open else None
        planned = plan(self.rules, start or self.input.start, self.calendar, changes)
        return planned.item("review", after).due_at

    def _move_review(self, review: str, due: date) -> None:
        """Move a review and those after it. Reviews that have opened keep their dates."""
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
        """The input of an item of that kind and key, without the fields of its kind."""
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
