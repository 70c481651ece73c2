"""An engagement: its stages, its commands, what its items report, what blocks its completion."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast

from programmes.facts import MILEPOST, EngagementStage, Record
from programmes.planner import due_on
from programmes.rules import ItemKind
from workflows.ids import scheduled_item_id
from workflows.messages import (
    Complete,
    EngagementInput,
    ItemEnded,
    ItemInput,
    MoveReview,
    OpenRequest,
    ReviewMoved,
    Withdraw,
    refusal,
)
from workflows.processes import last_words
from workflows.processes.engagement_plan import EngagementPlan, Opening
from workflows.processes.engagement_state import RecordedEngagement
from workflows.processes.process import Decision

FURTHEST_REVIEW = timedelta(days=731)
"""How far ahead a review can be moved. The engagement knows the days off for longer."""


class EngagementProcess(RecordedEngagement):
    """One member in one programme. Pure, as items are: the caller gives the time."""

    def __init__(self, engagement: EngagementInput) -> None:
        super().__init__(engagement)
        self.plan = EngagementPlan(engagement)

    # --- What the plan opens ----------------------------------------------------------------------

    def next_opening(self) -> datetime | None:
        """When the plan next opens an item."""
        return min((opening.at for opening in self.upcoming()), default=None)

    def upcoming(self) -> list[Opening]:
        """The items that the plan will open, soonest first."""
        if self.opened_at is None or self.is_closed:
            return []
        if self.onboarded_at is None:
            known = self.knows("onboarding", "onboarding")
            return [] if known else [self.plan.onboarding(self.opened_at)]
        openings = [
            Opening(review.opens_at, "review", review.key)
            for review in self.plan.reviews(self.onboarded_at, self.moved)
            if not self.knows("review", review.key)
        ]
        if self.stage == "active" and not self.rolling_over:
            cycle = self.plan.next_cycle(self.onboarded_at, self.moved, self.cycles)
            openings += [cycle] if cycle else []
        return sorted(openings, key=lambda opening: (opening.at, opening.kind, opening.key))

    def open_advice(self) -> str:
        """The id of the open advice cycle, or an empty string."""
        return next((one for one, name in self.items.items() if name.startswith("advice:")), "")

    def open_planned(self, opening: Opening, now: datetime) -> ItemInput:
        """Note that a planned item is open. Returns the item's input."""
        item_id = scheduled_item_id(self.id, opening.kind, opening.key)
        item = self._open(opening.kind, opening.key, item_id, now, MILEPOST)
        match opening.kind:
            case "onboarding":
                assert self.opened_at is not None
                # On an always-open calendar a start is an instant, that of the opening.
                begins = self.plan.onboarding(self.opened_at).at
                begins_on_a_day = None if self.calendar.always_open else begins
                return replace(item, onboarding=self.rules.onboarding, begins=begins_on_a_day)
            case "review":
                assert self.onboarded_at is not None
                review = self.plan.review(opening.key, self.onboarded_at, self.moved)
                return replace(item, review=self.rules.review(opening.key), due=review.due_at)
            case _:
                self.cycles = (*self.cycles, now)
                carried, self.carried = self.carried, ()
                return replace(item, advice=self.rules.advice, carried=carried)

    def cycle_opened(self, decision: Decision) -> None:
        """Note that a cycle opens, because the engagement's read model has its date. Every record
        has a fact, whose instant tells a lost decision from the one that was taken."""
        decision.fact("advice.scheduled", cycle=str(len(self.cycles)))

    def _open(self, kind: ItemKind, key: str, item_id: str, now: datetime, by: str) -> ItemInput:
        self.items[item_id] = f"{kind}:{key}"
        first = self.onboarded_at is None
        return self.plan.item_input(kind, key, item_id, now, by, first=first)

    # --- Commands ---------------------------------------------------------------------------------

    def may_open_request(self, command: OpenRequest, now: datetime) -> None:
        """A request can be opened while the programme runs, if it offers research."""
        if self.rules.research is None:
            raise refusal("This programme does not offer research requests.")
        if command.item_id in self.items:
            raise refusal("There is a request with this id already.")
        self._require(
            "onboarding", "active", to="submit a research request", hint="The support has ended."
        )

    def open_request(self, command: OpenRequest, now: datetime) -> ItemInput:
        """Note that a research request is open. Returns the item's input."""
        self.requests += 1
        key = str(self.requests)
        return replace(
            self._open("research", key, command.item_id, now, command.by),
            research=self.rules.research,
            text=command.text,
            theme=command.theme,
        )

    def may_move_review(self, command: MoveReview, now: datetime) -> None:
        """A review that has not opened can be moved to a future day. An open review moves its own
        deadline."""
        self._require("onboarding", "active", to="move a review", hint="It has ended.")
        keys = [review.key for review in self.rules.reviews]
        if command.review not in keys:
            raise refusal(
                f"There is no review {command.review!r}. The reviews are: {', '.join(keys)}."
            )
        if self.knows("review", command.review):
            raise refusal(
                f"The review {command.review!r} has opened. Move its own deadline instead."
            )
        today = self.calendar.local_date(now)
        if command.due > today + FURTHEST_REVIEW:
            raise refusal(
                f"{command.due.isoformat()} is more than two years away. Choose an earlier day."
            )
        if command.due < today or due_on(self.calendar, command.due) <= now:
            raise refusal(f"{command.due.isoformat()} is over. Choose a later day.")
        before = self.due_before(self.rules.review(command.review).after)
        if before is not None and due_on(self.calendar, command.due) <= before:
            raise refusal(
                f"{command.due.isoformat()} is not after what this review follows, which is on "
                f"{self.calendar.local_date(before).isoformat()}. Choose a later day, or move that "
                "first."
            )

    def move_review(self, command: MoveReview, decision: Decision) -> None:
        """Give the review a new date. Later reviews follow, and the lead gets an email."""
        before = self._review_dues().get(command.review)
        self._move_review(command.review, command.due)
        known = {} if before is None else {"before": before.isoformat()}
        decision.fact(
            "review.planned_moved",
            command.by,
            command.reason,
            review=command.review,
            due=command.due.isoformat(),
            after=due_on(self.calendar, command.due).isoformat(),
            **known,
        )
        # There is no task yet, and so no revision to tell one move from the next.
        rung = f"{command.review}#{self.sequence + 1}"
        decision.tell("review.replanned", "lead", rung=rung, text=command.reason)

    def due_before(self, after: str) -> datetime | None:
        """When the review or onboarding that a review follows is due, if known."""
        return self.plan.due_before(after, self.opened_at, self.onboarded_at, self.moved)

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
        return {one.key: one.due_at for one in self.plan.reviews(self.onboarded_at, self.moved)}

    def may_withdraw(self, command: Withdraw, now: datetime) -> None:
        """An engagement can be withdrawn until it has ended."""
        self._require("onboarding", "active", "completing", to="withdraw", hint="It has ended.")

    def withdraw(self, command: Withdraw, decision: Decision) -> None:
        """End the engagement because the member leaves. The lead and the team get one email
        each."""
        self.reason = command.reason
        decision.fact("engagement.withdrawn", command.by, command.reason)
        decision.tell("engagement.withdrawn", "lead", "team", text=command.reason)
        self._close("withdrawn", decision)

    def cancel(self, decision: Decision) -> None:
        """End the engagement after an operator cancelled its workflow. No email is sent."""
        decision.fact("engagement.cancelled")
        self._close("withdrawn", decision)

    def may_complete(self, command: Complete, now: datetime) -> None:
        """An engagement can be completed if no item is open or planned. The refusal lists those
        that are."""
        self._require("onboarding", "active", "completing", to="complete", hint="It has ended.")
        blockers = self.blockers()
        if blockers:
            raise refusal(
                "This engagement cannot be completed yet, because items are open or planned. "
                "Finish them first, or withdraw the engagement.",
                blockers,
            )

    def complete(self, command: Complete, decision: Decision) -> None:
        """End the engagement because the programme is finished for this member."""
        decision.fact("engagement.completed", command.by)
        decision.tell("engagement.completed", "lead", "team")
        self._close("completed", decision)

    def blockers(self) -> list[str]:
        """The items that have to end before the engagement can be completed, as ``kind:key``."""
        planned = [
            f"{opening.kind}:{opening.key}"
            for opening in self.upcoming()
            if opening.kind != "advice"
        ]
        # Reviews have no plan yet while the onboarding is unfinished.
        unplanned = (
            ["onboarding:onboarding", *(f"review:{review.key}" for review in self.rules.reviews)]
            if self.onboarded_at is None
            else []
        )
        return sorted({*self.items.values(), *planned, *unplanned})

    # --- What items report ------------------------------------------------------------------------

    def item_ended(self, ended: ItemEnded) -> Callable[[Decision], None] | None:
        """Take an item's end. Returns the engagement's own decision about it, if any."""
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
            # A cancelled or lost onboarding does not count. The office decides how to continue.
            if ended.outcome != "completed":
                return None
            return lambda decision: self._onboarded(ended, decision)
        if self.stage == "completing":
            return None if self.blockers() else self._ready
        if ended.kind == "review" and self._all_reviews_ended():
            return self._completing
        return None

    def item_lost(self, item_id: str, now: datetime) -> Callable[[Decision], None] | None:
        """Take the end of an item that was terminated or has failed, and so cannot report it."""
        kind, key = self.items[item_id].split(":", 1)
        return self.item_ended(ItemEnded(item_id, cast(ItemKind, kind), key, last_words.LOST, now))

    def last_word(self, item_id: str, now: datetime) -> Record:
        """The record that closes a lost item's read model for it."""
        kind = cast(ItemKind, self.items[item_id].split(":", 1)[0])
        return last_words.item_lost(self.id, item_id, kind, self.calendar, now)

    def review_moved(self, moved: ReviewMoved) -> Callable[[Decision], None] | None:
        """Take the new date of an open review. Later reviews follow. ``None`` for an older move."""
        if moved.sequence and moved.sequence <= self.moves.get(moved.review, 0):
            return None
        self.moves[moved.review] = moved.sequence
        self._move_review(moved.review, moved.due)
        return lambda decision: decision.fact(
            "engagement.replanned", review=moved.review, due=moved.due.isoformat()
        )

    def _onboarded(self, ended: ItemEnded, decision: Decision) -> None:
        self.onboarded_at = ended.at
        self.stage = "active"
        decision.fact("engagement.onboarded", at=ended.at.isoformat())
        decision.tell("engagement.onboarded", "lead", "team")

    def _completing(self, decision: Decision) -> None:
        self.stage = "completing"
        decision.fact("engagement.completing")
        if not self.blockers():
            self._ready(decision)

    def _ready(self, decision: Decision) -> None:
        decision.fact("engagement.ready")
        decision.tell("engagement.ready", "manager")

    def _close(self, stage: EngagementStage, decision: Decision) -> None:
        self.stage = stage
        self.closed_at = decision.now

    def _all_reviews_ended(self) -> bool:
        return all(f"review:{review.key}" in self.ended for review in self.rules.reviews)

    def _require(self, *stages: str, to: str, hint: str) -> None:
        if not self.is_open:
            raise refusal(
                f"You cannot {to} yet: the engagement is still opening. Try again in a moment."
            )
        if self.stage not in stages:
            raise refusal(f"You cannot {to} now: the engagement is {self.stage!r}. {hint}")
