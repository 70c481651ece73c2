"""An engagement: its stages, what it opens by itself and when, what blocks its completion."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

from programmes.calendar import WorkingCalendar
from programmes.facts import EngagementStage, EngagementState, Fact, Record
from programmes.planner import (
    Adjustments,
    PlannedItem,
    due_on,
    next_cycle_at,
    plan,
    review_dates,
    start_instant,
)
from programmes.rules import ItemKind, LadderRule
from workflows.ids import scheduled_item_id
from workflows.messages import (
    AgreedAction,
    Complete,
    EngagementInput,
    EngagementProgress,
    ItemEnded,
    ItemInput,
    MoveReview,
    OpenRequest,
    ReviewMoved,
    Withdraw,
)
from workflows.processes.decision import Decision
from workflows.refusal import refusal

LOST = "lost"
LAST_WORD = 1_000_000
"""The sequence of a record that somebody else writes for an item: none of its own comes after."""

FURTHEST_REVIEW = timedelta(days=731)
"""How far ahead a review can be moved: the days off that an engagement knows go further."""

AROUND_BEFORE = timedelta(days=31)
AROUND_AFTER = timedelta(days=550)
"""The days off that travel with an item: its own time, and as far as its deadlines can be moved."""


@dataclass(frozen=True)
class Opening:
    """An item that the plan will open by itself."""

    at: datetime
    kind: ItemKind
    key: str


class EngagementProcess:
    """The long-lived entity of one member in one programme: pure, told the time, as items are."""

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
        self.cycles: tuple[datetime, ...] = ()
        self.carried: tuple[AgreedAction, ...] = ()
        self.requests = 0
        self.items: dict[str, str] = {}
        self.ended: list[str] = []
        self.rolling_over = ""
        """The id of an advice cycle that was asked to make room for the next one."""
        if engagement.progress is not None:
            self._take_up(engagement.progress)

    # --- Opening ---------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether its opening is on record."""
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

    # --- What the plan opens ----------------------------------------------------------------------

    def next_opening(self) -> datetime | None:
        """When the plan next has something to do."""
        return min((opening.at for opening in self.upcoming()), default=None)

    def upcoming(self) -> list[Opening]:
        """What the plan will open, soonest first."""
        if self.opened_at is None or self.is_closed:
            return []
        if self.onboarded_at is None:
            return [] if self._known("onboarding", "onboarding") else [self._onboarding()]
        openings = [
            Opening(review.opens_at, "review", review.key)
            for review in self._reviews(self.onboarded_at)
            if not self._known("review", review.key)
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
        item = self._item(opening.kind, opening.key, item_id, now)
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

    # --- Commands ---------------------------------------------------------------------------------

    def may_open_request(self, command: OpenRequest, now: datetime) -> None:
        """While the programme runs, if it offers research."""
        if self.rules.research is None:
            raise refusal("This programme does not offer research requests.")
        if command.item_id in self.items:
            raise refusal("There is a request with this id already.")
        self._require(
            "onboarding", "active", to="submit a research request", hint="The support has ended."
        )

    def open_request(self, command: OpenRequest, now: datetime) -> ItemInput:
        """Note that a research request is open, and give what it starts from."""
        self.requests += 1
        key = str(self.requests)
        self.items[command.item_id] = f"research:{key}"
        return replace(
            self._item("research", key, command.item_id, now, by=command.by),
            research=self.rules.research,
            text=command.text,
            theme=command.theme,
        )

    def may_move_review(self, command: MoveReview, now: datetime) -> None:
        """A review that has not opened, to a day to come. An open one is moved itself."""
        self._require("onboarding", "active", to="move a review", hint="It is over.")
        keys = [review.key for review in self.rules.reviews]
        if command.review not in keys:
            raise refusal(
                f"There is no review {command.review!r}. The reviews are: {', '.join(keys)}."
            )
        if self._known("review", command.review):
            raise refusal(
                f"The review {command.review!r} has opened. Move its own deadline instead."
            )
        today = self.calendar.local_date(now)
        if command.due > today + FURTHEST_REVIEW:
            raise refusal(
                f"{command.due.isoformat()} is more than two years away. Choose an earlier day."
            )
        if command.due < today or due_on(self.calendar, command.due) <= now:
            raise refusal(f"{command.due.isoformat()} is over. Choose a day to come.")
        before = self._due_before(self.rules.review(command.review).after)
        if before is not None and due_on(self.calendar, command.due) <= before:
            raise refusal(
                f"{command.due.isoformat()} is not after what this review follows, which is on "
                f"{self.calendar.local_date(before).isoformat()}. Choose a later day, or move that "
                "first."
            )

    def move_review(self, command: MoveReview, decision: Decision) -> None:
        """The review gets a new date; what depends on it follows."""
        self.moved[command.review] = command.due
        decision.fact(
            "review.planned_moved",
            command.by,
            command.reason,
            review=command.review,
            due=command.due.isoformat(),
        )

    def may_withdraw(self, command: Withdraw, now: datetime) -> None:
        """Until it is over."""
        self._require("onboarding", "active", "completing", to="withdraw", hint="It is over.")

    def withdraw(self, command: Withdraw, decision: Decision) -> None:
        """The member leaves: everybody hears of it once, and all that is open closes."""
        self.reason = command.reason
        decision.fact("engagement.withdrawn", command.by, command.reason)
        decision.tell("engagement.withdrawn", "lead", "team", text=command.reason)
        self._close("withdrawn", decision)

    def cancel(self, decision: Decision) -> None:
        """An operator cancelled its workflow: it is over, and nobody is told by email."""
        decision.fact("engagement.cancelled")
        self._close("withdrawn", decision)

    def may_complete(self, command: Complete, now: datetime) -> None:
        """Only when nothing is open and nothing is planned; otherwise the refusal lists it."""
        self._require("onboarding", "active", "completing", to="complete", hint="It is over.")
        blockers = self.blockers()
        if blockers:
            raise refusal(
                f"This engagement cannot be completed yet: {', '.join(blockers)}. "
                "Finish these first, or withdraw the engagement.",
                blockers,
            )

    def complete(self, command: Complete, decision: Decision) -> None:
        """The programme is done for this member."""
        decision.fact("engagement.completed", command.by)
        decision.tell("engagement.completed", "lead", "team")
        self._close("completed", decision)

    def blockers(self) -> list[str]:
        """What has to end before the engagement can be completed, as ``kind:key``."""
        planned = [
            f"{opening.kind}:{opening.key}"
            for opening in self.upcoming()
            if opening.kind != "advice"
        ]
        # What is not planned yet, because the onboarding is not over (or was never finished).
        unplanned = (
            ["onboarding:onboarding", *(f"review:{review.key}" for review in self.rules.reviews)]
            if self.onboarded_at is None
            else []
        )
        return sorted({*self.items.values(), *planned, *unplanned})

    # --- What items report ------------------------------------------------------------------------

    def item_ended(self, ended: ItemEnded) -> Callable[[Decision], None] | None:
        """Take an item's end; gives what the engagement has to say about it, if anything."""
        name = self.items.pop(ended.item_id, None)
        if name is None:
            return None
        self.ended.append(name)
        if ended.kind == "advice":
            self.rolling_over = ""
            self.carried = ended.carried
        if self.is_closed:
            return None
        if ended.kind == "onboarding":
            # Cancelled or lost it is no onboarding: the office has to decide how to go on.
            if ended.outcome != "completed":
                return None
            return lambda decision: self._onboarded(ended, decision)
        if ended.kind == "review" and self._all_reviews_ended():
            return self._completing
        return None

    def item_lost(self, item_id: str, now: datetime) -> Callable[[Decision], None] | None:
        """An item was terminated or has failed: it is over, and nobody else will say so."""
        kind, key = self.items[item_id].split(":", 1)
        return self.item_ended(ItemEnded(item_id, cast(ItemKind, kind), key, LOST, now))

    def last_word(self, item_id: str, now: datetime) -> Record:
        """The record that closes a lost item's reading copy in its stead."""
        kind = self.items[item_id].split(":", 1)[0]
        return Record(
            engagement_id=self.input.engagement_id,
            item_id=item_id,
            sequence=LAST_WORD,
            facts=(Fact(f"{kind}.closed", now, data={"outcome": LOST}),),
            tasks=(),
            closes=LOST,
        )

    def review_moved(self, moved: ReviewMoved) -> Callable[[Decision], None]:
        """An open review was moved: what depends on it follows."""
        self.moved[moved.review] = moved.due
        return lambda decision: decision.fact(
            "engagement.replanned", review=moved.review, due=moved.due.isoformat()
        )

    # --- State ------------------------------------------------------------------------------------

    def progress(self, processed: tuple[str, ...]) -> EngagementProgress:
        """All of the state, for continue-as-new and for rebuilding a reading copy."""
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
        )

    def restore(self, progress: EngagementProgress) -> None:
        """Take back a decision that could not be written down."""
        self._take_up(progress)

    def _take_up(self, progress: EngagementProgress) -> None:
        self.stage = progress.stage
        self.sequence = progress.sequence
        self.opened_at = progress.opened_at
        self.onboarded_at = progress.onboarded_at
        self.moved = dict(progress.moved)
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

    def _onboarded(self, ended: ItemEnded, decision: Decision) -> None:
        self.onboarded_at = ended.at
        self.stage = "active"
        decision.fact("engagement.onboarded", at=ended.at.isoformat())
        decision.tell("engagement.onboarded", "lead", "team")

    def _completing(self, decision: Decision) -> None:
        self.stage = "completing"
        decision.fact("engagement.completing")
        decision.tell("engagement.ready", "manager")

    def _close(self, stage: EngagementStage, decision: Decision) -> None:
        self.stage = stage
        self.closed_at = decision.now

    def _all_reviews_ended(self) -> bool:
        return all(f"review:{review.key}" in self.ended for review in self.rules.reviews)

    def _known(self, kind: ItemKind, key: str) -> bool:
        name = f"{kind}:{key}"
        return name in self.ended or name in self.items.values()

    def _require(self, *stages: str, to: str, hint: str) -> None:
        if not self.is_open:
            raise refusal(f"You cannot {to} yet: the engagement is only being opened. Try again.")
        if self.stage not in stages:
            raise refusal(f"You cannot {to} now: the engagement is {self.stage!r}. {hint}")

    def _onboarding(self) -> Opening:
        assert self.opened_at is not None
        start = self.opened_at if self.calendar.always_open else self.input.start
        at = start_instant(self.rules, start, self.calendar)
        return Opening(at, "onboarding", "onboarding")

    def _reviews(self, onboarded_at: datetime) -> tuple[PlannedItem, ...]:
        return review_dates(self.rules, self.calendar, onboarded_at, self.moved)

    def _review(self, key: str) -> PlannedItem:
        assert self.onboarded_at is not None
        return next(one for one in self._reviews(self.onboarded_at) if one.key == key)

    def _due_before(self, after: str) -> datetime | None:
        """When what a review follows is due: another review, or (where known) the onboarding."""
        if after == "onboarding":
            return self.onboarded_at
        changes = Adjustments(onboarded_at=self.onboarded_at, moved=self.moved)
        start = self.opened_at if self.calendar.always_open else None
        planned = plan(self.rules, start or self.input.start, self.calendar, changes)
        return planned.item("review", after).due_at

    def _next_cycle(self, onboarded_at: datetime) -> Opening | None:
        if self.rolling_over or self.stage != "active":
            return None
        at = next_cycle_at(self.rules, self.calendar, onboarded_at, self.cycles, self.moved)
        return None if at is None else Opening(at, "advice", str(len(self.cycles) + 1))

    def _item(
        self, kind: ItemKind, key: str, item_id: str, now: datetime, by: str = "milepost"
    ) -> ItemInput:
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
