"""An advice cycle: dates, session, notes, actions, and what is carried into the next cycle."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from programmes.facts import Record
from tests.workflows.processes.drive import give, kinds, refused, run_out, told
from tests.workflows.stories import ADVISER, LEAD, NOON, item_input
from workflows.messages import (
    AgreedAction,
    CloseCycle,
    CloseItem,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    MissSession,
    MoveDeadline,
    ProposeDates,
    RecordNotes,
    SendAgenda,
)
from workflows.processes.advice_cycle import AdviceCycleProcess
from workflows.processes.process import Decision

SESSION = datetime(2027, 1, 20, 10, tzinfo=UTC)
TO_SESSION = (ProposeDates(ADVISER, (SESSION,)), ConfirmDate(LEAD, 0))
TO_NOTES = (*TO_SESSION, HoldSession(ADVISER))
WRITE_UP = AgreedAction("act_1", "txt_action", "lead", date(2027, 2, 10))
OFF = ("advice.called_off", ("invited",))
"""For those alone who have the session in their calendar."""
ASK_HR = AgreedAction("act_2", "txt_action", "adviser", date(2027, 2, 12))


def opened(**changes: Any) -> AdviceCycleProcess:
    process = AdviceCycleProcess(item_input("advice", **changes))
    process.opening()
    return process


def give_up(process: AdviceCycleProcess, command: CloseItem) -> Record:
    return process.decide(lambda decision: process.close_item(command, decision), NOON)


def after(*commands: object, now: datetime = NOON) -> AdviceCycleProcess:
    process = opened()
    for command in commands:
        give(process, command, SESSION if isinstance(command, HoldSession) else now)
    return process


class TestTheSession:
    def test_the_adviser_is_asked_first(self) -> None:
        record = AdviceCycleProcess(item_input("advice")).opening()
        assert told(record) == [("advice.opened", ("adviser",))]

    def test_only_dates_ahead_on_working_days_can_be_proposed(self) -> None:
        process = opened()
        past = ProposeDates(ADVISER, (NOON - timedelta(days=1),))
        assert "in the past" in refused(process, past, NOON)
        sunday = ProposeDates(ADVISER, (datetime(2027, 1, 17, 10, tzinfo=UTC),))
        assert "not a working day" in refused(process, sunday, NOON)
        assert "from 1 to 5" in refused(process, ProposeDates(ADVISER, ()), NOON)

    def test_new_dates_replace_those_before(self) -> None:
        process = after(ProposeDates(ADVISER, (SESSION, SESSION + timedelta(days=1))))
        give(process, ProposeDates(ADVISER, (SESSION + timedelta(days=2),)), NOON)
        assert [key for key in process.data if key.startswith("date:")] == ["date:0"]
        assert "Choose one of the 1" in refused(process, ConfirmDate(LEAD, 1), NOON)

    def test_a_confirmed_date_sets_the_agenda_before_it_and_the_session_on_it(self) -> None:
        process = after(*TO_SESSION)
        assert sorted(process.deadlines.open) == ["agenda", "session"]
        assert process.deadlines.open["agenda"].due_at.date() == date(2027, 1, 15)
        record = give(process, SendAgenda(ADVISER, "txt_agenda"), NOON)
        assert told(record) == [("advice.agenda", ("member",))]
        assert sorted(process.deadlines.open) == ["session"]

    def test_a_date_that_is_over_cannot_be_confirmed(self) -> None:
        process = after(TO_SESSION[0])
        assert "over" in refused(process, ConfirmDate(LEAD, 0), SESSION + timedelta(days=1))

    def test_it_cannot_be_held_before_its_day_but_one_by_telephone_can_be_noted(self) -> None:
        process = after(*TO_SESSION)
        assert "The session is on" in refused(process, HoldSession(ADVISER), NOON)
        assert "is in the future" in refused(process, HoldSession(ADVISER, date(2027, 1, 19)), NOON)
        give(process, HoldSession(ADVISER, NOON.date()), NOON)
        assert process.stage == "notes"

    def test_a_missed_session_leads_back_to_new_dates(self) -> None:
        process = after(*TO_SESSION)
        record = give(process, MissSession(ADVISER, "txt_why"), SESSION)
        assert told(record) == [("advice.missed", ("lead", "adviser")), OFF]
        assert (process.stage, sorted(process.deadlines.open)) == ("propose", ["propose"])
        assert process.deadlines.open["propose"].revision == 2

    def test_a_second_missed_session_is_told_as_well_as_the_first(self) -> None:
        process = after(*TO_SESSION)
        first = give(process, MissSession(ADVISER, "txt_why"), SESSION)
        again = SESSION + timedelta(days=7)
        give(process, ProposeDates(ADVISER, (again,)), SESSION)
        give(process, ConfirmDate(LEAD, 0), SESSION)
        second = give(process, MissSession(ADVISER, "txt_why"), again)
        keys = {
            (notice.kind, notice.rung, notice.revision)
            for record in (first, second)
            for notice in record.notices
        }
        assert len(keys) == len(first.notices) + len(second.notices), (
            "the same key would be one email for both"
        )


class TestWhenASessionIsOff:
    def test_new_dates_call_off_the_one_that_was_fixed(self) -> None:
        again = ProposeDates(ADVISER, (SESSION + timedelta(days=1),))
        assert told(give(after(*TO_SESSION), again, NOON)) == [
            OFF,
            ("advice.dates_proposed", ("lead",)),
        ]

    def test_the_end_of_the_engagement_calls_it_off(self) -> None:
        ended = CloseItem("per_manager", "withdrawn", "txt_why")
        assert told(give_up(after(*TO_SESSION), ended)) == [OFF]
        assert told(give_up(after(*TO_NOTES), ended)) == []

    def test_one_that_was_held_on_another_day_is_called_off_and_one_on_its_day_is_not(self) -> None:
        earlier = HoldSession(ADVISER, date(2027, 1, 18))
        assert told(give(after(*TO_SESSION), earlier, SESSION)) == [OFF]
        on_its_day = HoldSession(ADVISER, SESSION.date())
        assert told(give(after(*TO_SESSION), on_its_day, SESSION)) == []

    def test_so_it_is_at_any_step_since_an_email_about_an_earlier_date_may_have_been_overtaken(
        self,
    ) -> None:
        again = ProposeDates(ADVISER, (SESSION + timedelta(days=1),))
        assert OFF in told(give(after(TO_SESSION[0]), again, NOON))
        assert OFF in told(give_up(after(TO_SESSION[0]), CloseItem("milepost", "rolled_over")))

    def test_one_without_a_report_ends_with_the_cycle(self) -> None:
        process = after(*TO_SESSION)
        process.ladder_ended(
            process.deadlines.open["session"], decision := Decision(NOON, process.item.calendar)
        )
        assert [notice.kind for notice in decision.notices] == ["advice.called_off"]


class TestActions:
    def test_readers_of_the_agenda_are_told_that_the_session_is_off_and_of_the_new_date(
        self,
    ) -> None:
        with_agenda = (*TO_SESSION, SendAgenda(ADVISER, "txt_agenda"))
        both = ("member", "adviser")
        off = give(after(*with_agenda), MissSession(ADVISER, "txt_ill"), NOON)
        assert told(off)[0] == ("advice.missed", both)
        closed = give(after(*with_agenda), CloseCycle(ADVISER, "txt_why"), NOON)
        assert told(closed) == [("advice.closed", both), OFF]
        later = ProposeDates(ADVISER, (SESSION + timedelta(days=1),))
        again = give(after(*with_agenda, later), ConfirmDate(LEAD, 0), NOON)
        assert told(again) == [("advice.confirmed", both), OFF]

    def test_the_lead_gets_the_second_reminder_of_a_colleagues_action_as_well(self) -> None:
        theirs = AgreedAction("act_1", "txt_action", "con_colleague", date(2027, 2, 10))
        process = after(*TO_NOTES)
        give(process, RecordNotes(ADVISER, "txt_notes", (theirs,)), SESSION)
        records = run_out(process, datetime(2027, 3, 1, tzinfo=UTC), SESSION)
        assert told(*records) == [
            ("action.reminder", ("con_colleague",)),
            ("action.reminder", ("con_colleague", "lead")),
            ("action.overdue", ("con_colleague",)),
            ("action.escalation", ("manager",)),
        ]

    def test_a_lead_who_has_to_do_it_gets_each_reminder_once(self) -> None:
        process = after(*TO_NOTES)
        give(process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP,)), SESSION)
        records = run_out(process, datetime(2027, 2, 10, 18, tzinfo=UTC), SESSION)
        assert told(*records) == [("action.reminder", ("lead",))] * 2

    def test_without_actions_the_notes_end_the_cycle(self) -> None:
        process = after(*TO_NOTES)
        record = give(process, RecordNotes(ADVISER, "txt_notes"), SESSION)
        assert kinds(record) == ["advice.noted", "advice.closed"]
        assert process.outcome == "completed"

    def test_each_action_is_chased_with_its_own_owner_until_done(self) -> None:
        process = after(*TO_NOTES)
        give(process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP, ASK_HR)), SESSION)
        records = run_out(process, datetime(2027, 2, 10, 18, tzinfo=UTC), SESSION)
        assert {to for _, to in told(*records)} == {("lead",), ("adviser",)}
        give(process, CompleteAction(LEAD, "act_1"), SESSION)
        assert "no open action" in refused(process, CompleteAction(LEAD, "act_1"), SESSION)
        record = give(process, CompleteAction(ADVISER, "act_2"), SESSION)
        assert kinds(record) == ["advice.action_done", "advice.closed"]

    def test_each_action_is_a_fact_with_its_words_its_owner_and_its_day(self) -> None:
        on_a_sunday = replace(ASK_HR, due=date(2027, 2, 14), text="txt_other")
        record = give(
            after(*TO_NOTES), RecordNotes(ADVISER, "txt_notes", (WRITE_UP, on_a_sunday)), SESSION
        )
        assert kinds(record) == ["advice.noted", "advice.action_agreed", "advice.action_agreed"]
        assert [(fact.actor, fact.text, dict(fact.data)) for fact in record.facts[1:]] == [
            (ADVISER, "txt_action", {"action": "act_1", "owner": "lead", "due": "2027-02-10"}),
            (ADVISER, "txt_other", {"action": "act_2", "owner": "adviser", "due": "2027-02-15"}),
        ]

    def test_one_that_is_carried_in_is_not_agreed_again(self) -> None:
        record = AdviceCycleProcess(item_input("advice", carried=(WRITE_UP,))).opening()
        assert kinds(record) == ["advice.opened"]

    def test_two_actions_of_one_id_are_refused(self) -> None:
        process = after(*TO_NOTES)
        assert "same id" in refused(
            process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP, WRITE_UP)), SESSION
        )

    def test_a_moved_action_keeps_its_new_date_when_it_is_carried_on(self) -> None:
        process = after(*TO_NOTES)
        give(process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP,)), SESSION)
        give(process, MoveDeadline(ADVISER, "action:act_1", date(2027, 3, 3)), SESSION)
        assert process.carried()[0].due == date(2027, 3, 3)


class TestRollingOver:
    def test_open_actions_are_carried_into_the_next_cycle_and_chased_there(self) -> None:
        process = after(*TO_NOTES)
        give(process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP, ASK_HR)), SESSION)
        give(process, CompleteAction(ADVISER, "act_2"), SESSION)
        april = datetime(2027, 4, 12, 8, tzinfo=UTC)
        record = process.decide(
            lambda decision: process.close_item(CloseItem("milepost", "rolled_over"), decision),
            april,
        )
        assert kinds(record) == ["advice.action_carried", "advice.closed"]
        assert [action.id for action in process.carried()] == ["act_1"]
        following = opened(key="2", carried=process.carried(), at=april)
        task = following.deadlines.open["action:act_1"]
        assert task.due_at > april, "it was due in February; it gets a date that can be kept"
        assert task.ahead, "and is chased anew"

    def test_a_fixed_session_is_held_before_the_next_cycle_opens(self) -> None:
        process = after(*TO_SESSION)
        roll_over = CloseItem("milepost", "rolled_over")
        record = process.decide(lambda decision: process.close_item(roll_over, decision), NOON)
        assert kinds(record) == ["advice.next_waits"]
        give(process, HoldSession(ADVISER), SESSION)
        record = give(process, RecordNotes(ADVISER, "txt_notes", (WRITE_UP,)), SESSION)
        assert kinds(record) == [
            *("advice.noted", "advice.action_agreed"),
            *("advice.action_carried", "advice.closed"),
        ]
        assert [action.id for action in process.carried()] == ["act_1"]
        assert process.is_closed

    def test_a_missed_session_makes_room_for_the_next_cycle_that_waits(self) -> None:
        process = after(*TO_SESSION)
        roll_over = CloseItem("milepost", "rolled_over")
        process.decide(lambda decision: process.close_item(roll_over, decision), NOON)
        give(process, MissSession(ADVISER, "txt_why"), SESSION)
        assert (process.is_closed, process.outcome) == (True, "rolled_over")

    def test_with_the_engagement_open_actions_are_dropped_not_carried(self) -> None:
        process = opened(carried=(WRITE_UP,))
        close = CloseItem("milepost", "withdrawn", "txt_why")
        record = process.decide(lambda decision: process.close_item(close, decision), NOON)
        assert kinds(record) == ["advice.action_dropped", "advice.closed"]
        assert process.carried() == ()

    def test_an_action_due_in_the_past_or_beyond_a_year_is_refused(self) -> None:
        process = after(*TO_NOTES)
        for due, sentence in ((date(2027, 1, 1), "is over"), (date(2050, 1, 1), "a year away")):
            notes = RecordNotes(ADVISER, "txt", (AgreedAction("act_9", "txt", "lead", due),))
            assert sentence in refused(process, notes, SESSION)

    def test_carried_actions_can_be_done_before_the_next_session(self) -> None:
        process = opened(carried=(WRITE_UP,))
        give(process, CompleteAction(LEAD, "act_1"), NOON)
        assert process.stage == "propose"
        assert not process.is_closed

    def test_a_cycle_can_be_closed_with_its_actions(self) -> None:
        process = opened(carried=(WRITE_UP,))
        give(process, CloseCycle(ADVISER, "txt_why"), NOON)
        assert (process.outcome, process.carried()) == ("cancelled", ())
