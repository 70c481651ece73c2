"""A review milestone: evidence, submitting, returning, signing off."""

from datetime import UTC, date, datetime

from tests.workflows.processes.drive import give, kinds, refused, told
from tests.workflows.stories import LEAD, MANAGER, NOON, item_input, rules
from workflows.messages import (
    AddEvidence,
    CloseItem,
    MoveDeadline,
    ReturnReview,
    SignOffReview,
    SubmitReview,
)
from workflows.processes.review_milestone import ReviewMilestoneProcess

DUE = datetime(2027, 2, 1, 17, tzinfo=UTC)
OFF = ("review.called_off", ("invited",))
"""For those alone who have its date in their calendar."""
CHECKS = rules().reviews[0].checklist


def opened() -> ReviewMilestoneProcess:
    process = ReviewMilestoneProcess(item_input("review", "three-month", due=DUE))
    process.opening()
    return process


def submitted() -> ReviewMilestoneProcess:
    process = opened()
    for check in CHECKS:
        give(process, AddEvidence(LEAD, check, f"txt_{check}"), NOON)
    give(process, SubmitReview(LEAD, "txt_note"), NOON)
    return process


class TestPreparing:
    def test_it_is_due_when_the_plan_says(self) -> None:
        assert opened().deadlines.open["submit"].due_at == DUE

    def test_it_cannot_be_submitted_while_evidence_is_missing_and_says_which(self) -> None:
        process = opened()
        give(process, AddEvidence(LEAD, CHECKS[0], "txt_1"), NOON)
        assert CHECKS[1] in refused(process, SubmitReview(LEAD), NOON)

    def test_evidence_for_what_is_not_on_the_checklist_is_refused(self) -> None:
        assert "not on the checklist" in refused(opened(), AddEvidence(LEAD, "cake", "txt"), NOON)

    def test_evidence_can_be_replaced_until_it_is_submitted(self) -> None:
        process = opened()
        give(process, AddEvidence(LEAD, CHECKS[0], "txt_1"), NOON)
        give(process, AddEvidence(LEAD, CHECKS[0], "txt_2"), NOON)
        assert process.data[f"check:{CHECKS[0]}"] == "txt_2"
        assert "add evidence" in refused(submitted(), AddEvidence(LEAD, CHECKS[0], "t"), NOON)

    def test_moving_the_date_to_submit_moves_the_review(self) -> None:
        process = opened()
        give(process, MoveDeadline(MANAGER, "submit", date(2027, 3, 1)), NOON)
        assert process.due_at == datetime(2027, 3, 1, 17, tzinfo=UTC)

    def test_a_moved_or_closed_review_leaves_the_other_calendars_with_its_date(self) -> None:
        process = opened()
        moved = give(process, MoveDeadline(MANAGER, "submit", date(2027, 3, 1)), NOON)
        assert told(moved) == [("task.moved", ("lead",)), OFF]
        ended = CloseItem(MANAGER, "withdrawn", "txt_why")
        closed = process.decide(lambda decision: process.close_item(ended, decision), NOON)
        assert told(closed) == [OFF]

    def test_a_new_date_to_sign_off_by_is_in_no_calendar(self) -> None:
        moved = give(submitted(), MoveDeadline(MANAGER, "sign_off", date(2027, 3, 1)), NOON)
        assert OFF not in told(moved)


class TestSigningOff:
    def test_signed_off_the_member_the_team_and_those_the_programme_names_hear(self) -> None:
        process = submitted()
        record = give(process, SignOffReview(MANAGER, "txt_well_done"), NOON)
        assert told(record) == [
            ("review.signed_off", ("lead", "team", *rules().reviews[0].hears)),
            OFF,
        ]
        assert process.outcome == "signed_off"

    def test_returned_the_member_revises_it_by_a_date_of_its_own(self) -> None:
        process = submitted()
        record = give(process, ReturnReview(MANAGER, "txt_comments"), NOON)
        assert told(record) == [("review.returned", ("lead",)), OFF]
        assert sorted(process.deadlines.open) == ["revise"]
        assert process.data[f"check:{CHECKS[0]}"], "what was there stays"
        record = give(process, SubmitReview(LEAD), NOON)
        assert kinds(record) == ["review.submitted"]
        assert process.deadlines.open["sign_off"].revision == 2

    def test_nothing_is_signed_off_that_was_not_submitted(self) -> None:
        assert "sign off" in refused(opened(), SignOffReview(MANAGER), NOON)
        assert "return" in refused(opened(), ReturnReview(MANAGER, "txt"), NOON)
