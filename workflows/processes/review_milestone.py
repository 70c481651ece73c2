"""A review milestone: checklist and evidence, submitted, then signed off or returned."""

from datetime import datetime

from programmes.facts import INVITED
from programmes.rules import ReviewRule, StageRule
from workflows.ladder import OpenDeadline
from workflows.messages import (
    AddEvidence,
    CloseItem,
    ItemInput,
    MoveDeadline,
    ReturnReview,
    SignOffReview,
    SubmitReview,
    refusal,
)
from workflows.processes.process import Decision, Process

FAMILY = "review"

PREPARING, SUBMITTED = "preparing", "submitted"
SUBMIT, SIGN_OFF, REVISE = "submit", "sign_off", "revise"
"""The tasks: the member submits, the office signs off, the member revises a returned review."""


class ReviewMilestoneProcess(Process):
    """``preparing`` and ``submitted`` in turn, until it is signed off.

    ``data``: ``check:<key>`` for each item of the checklist (the evidence's text id, or nothing
    yet), ``note``, ``comments`` and ``sign_off`` (text ids), and ``returns``.
    """

    kind = "review"

    def __init__(self, item: ItemInput) -> None:
        super().__init__(item)
        if item.review is None:
            raise ValueError("a review needs its rule")
        self.rules: ReviewRule = item.review

    def open(self, decision: Decision) -> None:
        self.data = {_check(key): "" for key in self.rules.checklist}
        decision.fact("review.opened", self.item.by, review=self.item.key)
        self._enter(PREPARING, SUBMIT, self.rules.submit, decision, self.item.due)
        self._tell_owner("review.opened", SUBMIT, decision)

    def may_add_evidence(self, command: AddEvidence, now: datetime) -> None:
        """Evidence can be added while the review is prepared, for an item of the checklist."""
        self.require_stage(PREPARING, to="add evidence")
        if command.check not in self.rules.checklist:
            known = ", ".join(self.rules.checklist)
            raise refusal(f"{command.check!r} is not on the checklist. On it are: {known}.")

    def add_evidence(self, command: AddEvidence, decision: Decision) -> None:
        """Tick the item. New evidence replaces the old, which stays on the timeline."""
        self.data[_check(command.check)] = command.text
        decision.fact("review.evidence_added", command.by, command.text, check=command.check)

    def may_submit_review(self, command: SubmitReview, now: datetime) -> None:
        """A review can be submitted once its checklist is complete."""
        self.require_stage(PREPARING, to="submit the review")
        missing = [key for key in self.rules.checklist if not self.data[_check(key)]]
        if missing:
            raise refusal(
                f"Evidence is missing for: {', '.join(missing)}. Add it, then submit again.",
                missing,
            )

    def submit_review(self, command: SubmitReview, decision: Decision) -> None:
        """Submit the review. The office checks it next."""
        if command.text:
            self.data["note"] = command.text
        decision.fact("review.submitted", command.by, command.text)
        self._enter(SUBMITTED, SIGN_OFF, self.rules.sign_off, decision)
        self._tell_owner("review.submitted", SIGN_OFF, decision, command.text)

    def may_sign_off_review(self, command: SignOffReview, now: datetime) -> None:
        """A submitted review can be signed off."""
        self.require_stage(SUBMITTED, to="sign off the review")

    def sign_off_review(self, command: SignOffReview, decision: Decision) -> None:
        """Sign off the milestone. The member, the team and the programme's named people get an
        email."""
        if command.text:
            self.data["sign_off"] = command.text
        decision.fact("review.signed_off", command.by, command.text)
        decision.tell("review.signed_off", "lead", "team", *self.rules.hears, text=command.text)
        self._call_off(decision)
        self.end("signed_off", decision)

    def may_return_review(self, command: ReturnReview, now: datetime) -> None:
        """A submitted review can be returned, as often as needed."""
        self.require_stage(SUBMITTED, to="return the review")

    def return_review(self, command: ReturnReview, decision: Decision) -> None:
        """Return the review. The member gets the comments and a date."""
        self.data["comments"] = command.comments
        self.data["returns"] = str(int(self.data.get("returns", "0")) + 1)
        decision.fact("review.returned", command.by, command.comments)
        self._enter(PREPARING, REVISE, self.rules.revise, decision)
        self._tell_owner("review.returned", REVISE, decision, command.comments)
        self._call_off(decision)

    def move_deadline(self, command: MoveDeadline, decision: Decision) -> None:
        """Remove the old date from the calendars of people who no longer hold the task."""
        super().move_deadline(command, decision)
        if command.task in (SUBMIT, REVISE):
            self._call_off(decision)

    def close_item(self, command: CloseItem, decision: Decision) -> None:
        """Close the submission: no date to submit by is left."""
        super().close_item(command, decision)
        self._call_off(decision)

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        super().ladder_ended(deadline, decision)
        self._call_off(decision)

    def moved(self, deadline: OpenDeadline) -> None:
        """The date to submit by is the review's own. Later reviews depend on it."""
        if deadline.key == SUBMIT:
            self.due_at = deadline.due_at

    def _enter(
        self,
        stage: str,
        task: str,
        rule: StageRule,
        decision: Decision,
        due: datetime | None = None,
    ) -> None:
        self.deadlines.close_all()
        self.stage = stage
        self.deadlines.set(task, FAMILY, rule, decision.now, due)

    def _call_off(self, decision: Decision) -> None:
        """Remove a future date from every calendar that has it."""
        decision.tell("review.called_off", INVITED)

    def _tell_owner(
        self, kind: str, task: str, decision: Decision, text: str | None = None
    ) -> None:
        deadline = self.deadlines.open[task]
        decision.tell(kind, deadline.stage.owner, task=task, revision=deadline.revision, text=text)


def _check(key: str) -> str:
    return f"check:{key}"
