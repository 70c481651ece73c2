"""Onboarding: order, parallel steps, waiving, and the end."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from programmes.planner import due_after, start_instant
from tests.workflows.processes.drive import give, kinds, refused, run_out, told
from tests.workflows.stories import LEAD, MANAGER, NOON, calendar, item_input
from workflows.messages import CloseItem, CompleteStep, MoveDeadline, WaiveStep
from workflows.processes.onboarding import OnboardingProcess


def opened(**changes: Any) -> OnboardingProcess:
    process = OnboardingProcess(item_input("onboarding", "onboarding", **changes))
    process.opening()
    return process


class TestOpening:
    def test_it_opens_the_steps_that_wait_for_nothing_and_welcomes_the_member(self) -> None:
        process = OnboardingProcess(item_input("onboarding", "onboarding"))
        record = process.opening()
        assert record.sequence == 1
        assert sorted(process.deadlines.open) == ["step:agreement", "step:contacts"]
        assert told(record) == [("engagement.welcome", ("lead",))]

    def test_a_start_in_the_past_counts_from_its_own_date_and_skips_what_lies_behind(self) -> None:
        begins = start_instant(date(2026, 10, 1), calendar())
        process = opened(begins=begins)
        task = process.deadlines.open["step:contacts"]
        assert task.due_at == due_after(calendar(), begins, "5wd") < NOON
        [record] = run_out(process, NOON + timedelta(days=30), NOON)[:1]
        tomorrow = calendar().send_opening(date(2026, 12, 15))
        assert {fact.at for fact in record.facts} == {tomorrow}
        assert "onboarding.escalation" in [notice.kind for notice in record.notices]
        assert "rung.skipped" in kinds(record)


class TestSteps:
    def test_a_step_opens_when_all_that_it_waits_for_is_done(self) -> None:
        process = opened()
        give(process, CompleteStep(LEAD, "contacts"), NOON)
        record = give(process, CompleteStep(LEAD, "baseline"), NOON)
        assert "step:welcome-call" not in process.deadlines.open
        record = give(process, CompleteStep(LEAD, "agreement"), NOON)
        assert "step:welcome-call" in process.deadlines.open
        assert told(record) == [("onboarding.step_ready", ("manager",))]

    def test_a_waived_step_opens_what_waited_for_it_and_says_why(self) -> None:
        process = opened()
        record = give(process, WaiveStep(MANAGER, "contacts", "txt_1"), NOON)
        assert ("onboarding.step_waived", ("lead",)) in told(record)
        assert record.notices[0].text == "txt_1"
        assert "step:baseline" in process.deadlines.open

    def test_a_step_can_be_waived_before_it_opens(self) -> None:
        process = opened()
        give(process, WaiveStep(MANAGER, "plan", "txt_1"), NOON)
        for step in ("contacts", "baseline", "agreement", "welcome-call"):
            give(process, CompleteStep(LEAD, step), NOON)
        assert process.is_closed
        assert process.outcome == "completed"

    def test_the_last_step_ends_it_and_leaves_no_task(self) -> None:
        process = opened()
        for step in ("contacts", "baseline", "agreement", "welcome-call", "plan"):
            record = give(process, CompleteStep(LEAD, step), NOON)
        assert kinds(record) == ["onboarding.step_completed", "onboarding.closed"]
        assert record.tasks == ()
        assert process.deadlines.next_wake() is None

    def test_what_cannot_be_is_refused_with_a_reason(self) -> None:
        process = opened()
        assert "no onboarding step 'lunch'" in refused(process, CompleteStep(LEAD, "lunch"), NOON)
        assert "waiting" in refused(process, CompleteStep(LEAD, "plan"), NOON)
        give(process, CompleteStep(LEAD, "contacts"), NOON)
        assert "done" in refused(process, CompleteStep(LEAD, "contacts"), NOON)
        assert "done" in refused(process, WaiveStep(MANAGER, "contacts", "txt_1"), NOON)


class TestMovingAStep:
    def test_a_moved_step_keeps_its_task_and_tells_its_owner(self) -> None:
        process = opened()
        record = give(
            process, MoveDeadline(MANAGER, "step:agreement", date(2027, 2, 1), "txt_1"), NOON
        )
        task = process.deadlines.open["step:agreement"]
        assert task.revision == 2
        assert task.due_at == datetime(2027, 2, 1, 17, tzinfo=UTC)
        assert told(record) == [("task.moved", ("lead",))]
        assert record.facts[0].data["before"] < record.facts[0].data["after"]

    def test_a_day_that_is_over_too_far_or_an_unknown_task_is_refused(self) -> None:
        process = opened()
        past = MoveDeadline(MANAGER, "step:agreement", date(2026, 1, 1))
        far = MoveDeadline(MANAGER, "step:agreement", date(2029, 1, 1))
        assert "is over" in refused(process, past, NOON)
        assert "more than a year" in refused(process, far, NOON)
        unknown = MoveDeadline(MANAGER, "step:plan", date(2027, 2, 1))
        assert "step:agreement, step:contacts" in refused(process, unknown, NOON)


class TestClosing:
    def test_it_closes_with_the_engagement_and_then_refuses_everything(self) -> None:
        process = opened()
        record = process.decide(
            lambda decision: process.close_item(CloseItem(MANAGER, "withdrawn", "txt_1"), decision),
            NOON,
        )
        assert kinds(record) == ["onboarding.closed"]
        assert record.item is not None
        assert (record.item.outcome, record.tasks) == ("withdrawn", ())
        assert "already closed" in refused(process, CompleteStep(LEAD, "contacts"), NOON)
