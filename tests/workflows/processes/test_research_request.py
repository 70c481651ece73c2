"""A research request: each stage, each way back, each exit."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from programmes.facts import Record
from tests.workflows.processes.drive import give, kinds, refused, run_out, told
from tests.workflows.stories import LEAD, MANAGER, NOON, RESEARCHER, calendar, item_input
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    CloseItem,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    ReturnDelivery,
    WithdrawRequest,
)
from workflows.processes.research_request import ASKED, ResearchRequestProcess

TO_ACCEPTANCE = (
    AcceptRequest(MANAGER),
    AgreeScope(MANAGER, "txt_scope", "briefing"),
    AssignRequest(MANAGER, RESEARCHER),
    DeliverRequest(RESEARCHER, "txt_draft"),
)


def opened() -> ResearchRequestProcess:
    process = ResearchRequestProcess(item_input("research"))
    process.opening()
    return process


def after(*commands: object) -> ResearchRequestProcess:
    process = opened()
    for command in commands:
        give(process, command, NOON)
    return process


class TestTriage:
    def test_a_request_is_acknowledged_and_the_manager_asked_to_triage(self) -> None:
        record = ResearchRequestProcess(item_input("research")).opening()
        assert told(record) == [("research.received", ASKED), ("research.new", ("manager",))]
        assert record.item is not None
        assert (record.item.stage, record.item.data["request"]) == ("triage", "txt_request")

    def test_declined_it_ends_and_the_member_hears_why(self) -> None:
        process = opened()
        record = give(process, DeclineRequest(MANAGER, "txt_why"), NOON)
        assert told(record) == [("research.declined", ASKED)]
        assert (process.outcome, record.notices[0].text) == ("declined", "txt_why")

    def test_a_question_and_its_answer_lead_back_to_triage(self) -> None:
        process = after(AskMember(MANAGER, "txt_question"))
        assert sorted(process.deadlines.open) == ["answer"]
        record = give(process, AnswerQuestion(LEAD, "txt_answer"), NOON)
        assert process.stage == "triage"
        assert process.deadlines.open["triage"].revision == 2, "a second triage is a new deadline"
        assert told(record) == [("research.answered", ("manager",))]

    def test_without_an_answer_it_is_closed_at_the_end_of_the_ladder(self) -> None:
        process = after(AskMember(MANAGER, "txt_question"))
        records = run_out(process, NOON + timedelta(days=90), NOON)
        assert kinds(records[-1]) == ["deadline.ended", "research.closed"]
        assert process.outcome == "no_answer"
        assert calendar().next_send_instant(records[-1].facts[0].at) == records[-1].facts[0].at


class TestScopeAndDraft:
    def test_the_agreed_date_is_the_drafts_and_the_requests(self) -> None:
        process = after(
            AcceptRequest(MANAGER),
            AgreeScope(MANAGER, "txt_scope", "briefing", date(2027, 3, 1)),
            AssignRequest(MANAGER, RESEARCHER),
        )
        assert process.due_at == process.deadlines.open["draft"].due_at
        assert calendar().local_date(process.deadlines.open["draft"].due_at) == date(2027, 3, 1)

    def test_an_agreed_date_that_passed_before_anybody_was_found_gives_a_fair_new_one(self) -> None:
        process = after(
            AcceptRequest(MANAGER),
            AgreeScope(MANAGER, "txt_scope", "briefing", date(2026, 12, 16)),
        )
        later = NOON + timedelta(days=60)
        give(process, AssignRequest(MANAGER, RESEARCHER), later)
        assert process.deadlines.open["draft"].due_at > later

    def test_a_delivery_date_that_is_over_or_too_far_is_refused(self) -> None:
        process = after(AcceptRequest(MANAGER))
        evening = NOON.replace(hour=18)
        today = AgreeScope(MANAGER, "txt", "briefing", NOON.date())
        assert "is over" in refused(process, today, evening)
        far = AgreeScope(MANAGER, "txt", "briefing", date(9999, 12, 31))
        assert "more than a year" in refused(process, far, NOON)

    def test_another_researcher_takes_over_the_same_date(self) -> None:
        process = after(*TO_ACCEPTANCE[:3])
        due = process.deadlines.open["draft"].due_at
        assert "already" in refused(process, AssignRequest(MANAGER, RESEARCHER), NOON)
        record = give(process, AssignRequest(MANAGER, "per_other"), NOON)
        assert process.deadlines.open["draft"].due_at == due
        assert process.assignee == "per_other"
        assert told(record) == [
            ("research.unassigned", (RESEARCHER,)),
            ("research.assigned", ("per_other",)),
        ]


class TestAcceptance:
    def test_returned_as_often_as_needed_each_return_is_told(self) -> None:
        process = after(*TO_ACCEPTANCE)
        keys = set()
        for _ in range(3):
            record = give(process, ReturnDelivery(LEAD, "txt_comments"), NOON)
            keys |= {(n.kind, n.rung, n.revision) for n in record.notices}
            give(process, DeliverRequest(RESEARCHER, "txt_draft"), NOON)
        assert len(keys) == 3, "each return has a key of its own, so each is one email"
        assert process.data["returns"] == "3"
        assert process.deadlines.open["acceptance"].revision == 4

    def test_without_an_answer_it_is_accepted_then_closed_without_feedback(self) -> None:
        process = after(*TO_ACCEPTANCE)
        records = run_out(process, NOON + timedelta(days=200), NOON)
        assert "research.delivery_accepted" in kinds(*records)
        assert ("research.auto_accepted", (*ASKED, "researcher", "manager")) in told(*records)
        assert kinds(records[-1]) == ["deadline.ended", "research.closed"]
        assert process.outcome == "accepted"

    def test_feedback_closes_it(self) -> None:
        process = after(*TO_ACCEPTANCE, AcceptDelivery(LEAD))
        assert "1 to 5" in refused(process, GiveFeedback(LEAD, 6), NOON)
        give(process, GiveFeedback(LEAD, 5, "txt_thanks"), NOON)
        assert (process.outcome, process.data["score"]) == ("accepted", "5")


ALL = (*TO_ACCEPTANCE, AcceptDelivery(LEAD))


class TestWithdrawing:
    @pytest.mark.parametrize("done", range(len(ALL) + 1))
    def test_it_can_be_withdrawn_at_any_stage_and_those_at_work_hear(self, done: int) -> None:
        process = after(*ALL[:done])
        record = give(process, WithdrawRequest(LEAD, "txt_why"), NOON)
        assert (process.outcome, record.tasks) == ("withdrawn", ())
        assert told(record) == [("research.withdrawn", ("researcher", "manager"))]
        assert "already closed" in refused(process, WithdrawRequest(LEAD, "txt_why"), NOON)

    @pytest.mark.parametrize("done", range(len(ALL) + 1))
    def test_where_the_office_withdraws_it_the_member_hears_why(self, done: int) -> None:
        process = after(*ALL[:done])
        record = give(process, WithdrawRequest(MANAGER, "txt_why"), NOON)
        assert told(record) == [
            ("research.stopped", ASKED),
            ("research.withdrawn", ("researcher", "manager")),
        ]
        assert {notice.text for notice in record.notices} == {"txt_why"}


class TestWhoAsked:
    def test_a_contact_who_asks_is_kept_and_hears_of_it_to_the_end(self) -> None:
        process = ResearchRequestProcess(replace(item_input("research"), by="con_officer"))
        assert process.opening().item is not None
        assert process.data["requester"] == "con_officer"
        question = give(process, AskMember(MANAGER, "txt_question"), NOON)
        assert told(question) == [("research.question", ASKED)]
        give(process, AnswerQuestion("con_officer", "txt_answer"), NOON)
        heard = [told(give(process, command, NOON)) for command in TO_ACCEPTANCE]
        assert heard[0] == [("research.accepted", ASKED)]
        assert heard[1] == [("research.scoped", ASKED)]
        assert heard[3] == [("research.delivered", ASKED)]

    def test_where_the_office_sent_it_in_there_is_none_but_the_lead(self) -> None:
        process = ResearchRequestProcess(replace(item_input("research"), by=MANAGER))
        process.opening()
        assert "requester" not in process.data


class TestClosingWithTheEngagement:
    def test_only_the_assigned_researcher_is_told(self) -> None:
        process = after(*TO_ACCEPTANCE[:3])
        record = process.decide(
            lambda decision: process.close_item(CloseItem(MANAGER, "withdrawn", "txt"), decision),
            NOON,
        )
        assert told(record) == [("research.withdrawn", ("researcher",))]
        assert process.outcome == "withdrawn"

    def test_before_an_assignment_no_one_is_told(self) -> None:
        process = opened()
        record = process.decide(
            lambda decision: process.close_item(CloseItem(MANAGER, "withdrawn", "txt"), decision),
            NOON,
        )
        assert told(record) == []


class TestOrder:
    @pytest.mark.parametrize("done", range(len(ALL) + 1))
    def test_no_command_is_taken_out_of_turn(self, done: int) -> None:
        process = after(*ALL[:done])
        for place, command in enumerate(ALL):
            if place != done and not (done == 3 and isinstance(command, AssignRequest)):
                assert "now" in refused(process, command, NOON)

    def test_each_stage_has_exactly_one_task_of_its_name(self) -> None:
        process = opened()
        for command in ALL:
            record: Record = give(process, command, NOON)
            assert record.tasks is not None
            assert [task.key for task in record.tasks] == [process.stage]


class TestCarrying:
    def test_it_goes_on_after_continue_as_new_as_if_nothing_had_been(self) -> None:
        process = after(*TO_ACCEPTANCE)
        item = replace(process.item, progress=process.progress(("update-1",)))
        again = ResearchRequestProcess(item)
        assert again.progress(("update-1",)) == process.progress(("update-1",))
        one = give(process, ReturnDelivery(LEAD, "txt"), NOON)
        two = give(again, ReturnDelivery(LEAD, "txt"), NOON)
        assert one == two
