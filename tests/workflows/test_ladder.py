"""Deadlines and their ladders, without a server: what is said when, and what is left out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.planner import due_on
from programmes.rules import LadderRule, RungRule, StageRule
from tests.workflows.stories import calendar
from workflows.ladder import Deadlines

LADDERS = {
    "member": LadderRule(
        rungs=(
            RungRule("early", "-5wd", ("owner",), "reminder"),
            RungRule("today", "0wd", ("owner",), "reminder"),
            RungRule("late", "3wd", ("owner",), "overdue"),
            RungRule("stuck", "7wd", ("manager",), "escalation"),
        ),
        ends="10wd",
    )
}
MONDAY_NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def stage(at_end: str = "escalate") -> StageRule:
    return StageRule("lead", "10wd", "member", at_end)  # type: ignore[arg-type]


def deadlines() -> Deadlines:
    return Deadlines(calendar(), LADDERS, "3wd")


def run(
    ladder: Deadlines, until: datetime, now: datetime = MONDAY_NOON
) -> list[tuple[str, datetime]]:
    """Wake it whenever it wants until an instant; what was said, and when."""
    said: list[tuple[str, datetime]] = []
    while (wake := ladder.next_wake()) is not None and wake <= until:
        now = max(now, wake)
        said += [(notice.rung, now) for notice in ladder.wake(now).notices]
    return said


class TestWake:
    def test_each_rung_is_said_once_at_its_own_instant(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        assert run(ladder, MONDAY_NOON + timedelta(days=60)) == [
            (f"triage/{rung.name}", rung.at) for rung in task.ahead
        ]

    def test_a_ladder_that_escalates_needs_no_wake_for_its_end(self) -> None:
        ladder = deadlines()
        ladder.set("triage", "research", stage(), MONDAY_NOON)
        run(ladder, MONDAY_NOON + timedelta(days=60))
        assert ladder.next_wake() is None
        assert ladder.tasks()[0].stuck_at is not None

    def test_a_ladder_that_closes_ends_once(self) -> None:
        ladder = deadlines()
        task = ladder.set("answer", "research", stage("close"), MONDAY_NOON)
        run(ladder, task.ends_at - timedelta(seconds=1))
        assert [one.key for one in ladder.wake(task.ends_at).ended] == ["answer"]
        assert ladder.wake(task.ends_at).ended == []
        assert ladder.next_wake() is None

    def test_rungs_missed_while_the_worker_was_down_collapse_into_the_last_one(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        back = task.ahead[2].at + timedelta(hours=2)
        outcome = ladder.wake(back)
        assert [notice.rung for notice in outcome.notices] == ["triage/late"]
        assert [(fact.kind, fact.data["rung"]) for fact in outcome.facts] == [
            ("rung.collapsed", "early"),
            ("rung.collapsed", "today"),
            ("rung.fired", "late"),
        ]
        assert outcome.facts[-1].data["late"] == "yes"

    def test_a_rung_that_comes_due_late_at_night_waits_for_the_morning_and_says_so_once(
        self,
    ) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        night = task.ahead[0].at + timedelta(hours=14)
        morning = calendar().next_send_instant(night)
        assert [fact.kind for fact in ladder.wake(night).facts] == ["rung.deferred"]
        assert ladder.wake(night + timedelta(minutes=1)).facts == []
        assert ladder.next_wake() == morning
        assert [notice.rung for notice in ladder.wake(morning).notices] == ["triage/early"]

    def test_the_owner_of_the_task_is_told_and_the_manager_by_name_of_the_role(self) -> None:
        ladder = deadlines()
        task = ladder.set("action:1", "action", StageRule("con_ann", "10wd", "member"), MONDAY_NOON)
        told = [ladder.wake(rung.at).notices[0] for rung in task.ahead]
        assert [notice.to for notice in told] == [("con_ann",)] * 3 + [("manager",)]
        assert [notice.kind for notice in told] == [
            "action.reminder",
            "action.reminder",
            "action.overdue",
            "action.escalation",
        ]


class TestAReminderWhoseDateHasPassed:
    """A worker was away over the due day: no email announces a date that has passed."""

    def test_is_left_to_the_rung_that_says_so(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        morning = calendar().send_opening(calendar().add_working_days(task.due_at.date(), 1))
        outcome = ladder.wake(morning)
        assert outcome.notices == []
        assert [(fact.kind, fact.data["rung"], fact.data["into"]) for fact in outcome.facts] == [
            ("rung.collapsed", "early", "late"),
            ("rung.collapsed", "today", "late"),
        ]
        late = task.ahead[2]
        assert ladder.next_wake() == late.at
        [notice] = ladder.wake(late.at).notices
        assert notice.kind == "research.overdue"

    def test_is_said_all_the_same_where_no_later_rung_tells_the_same_people(self) -> None:
        # The email itself says that the date has passed, to those who are told so nowhere else.
        copied = RungRule("today", "0wd", ("owner", "adviser"), "reminder")
        late = RungRule("late", "3wd", ("owner",), "overdue")
        ladder = Deadlines(calendar(), {"member": LadderRule((copied, late), "10wd")}, "3wd")
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        morning = calendar().send_opening(calendar().add_working_days(task.due_at.date(), 1))
        [notice] = ladder.wake(morning).notices
        assert (notice.rung, notice.to) == ("triage/today", ("lead", "adviser"))

    def test_is_said_on_the_day_itself_however_late_in_the_day(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        [notice] = ladder.wake(calendar().send_closing(task.due_at.date())).notices
        assert notice.rung == "triage/today"


class TestTheOfficesDays:
    """Easter Monday 2027 is a working day of a Scottish member, and none of the office in England;
    30 November is the other way round."""

    EASTER = datetime(2027, 3, 29, 8, tzinfo=UTC)
    TUESDAY = datetime(2027, 3, 30, 8, tzinfo=UTC)
    ST_ANDREW = datetime(2027, 11, 30, 9, tzinfo=UTC)

    def scottish(self, due: date, owner: str) -> Deadlines:
        ladder = Deadlines(calendar("SCT"), LADDERS, "3wd")
        opened = due_on(calendar("SCT"), due) - timedelta(days=40)
        ladder.set(
            "triage",
            "research",
            replace(stage(), owner=owner),
            opened,
            due_on(calendar("SCT"), due),
        )
        return ladder

    def test_a_rung_for_the_office_alone_waits_for_its_next_day(self) -> None:
        ladder = self.scottish(date(2027, 3, 23), "manager")
        late = next(rung for rung in ladder.open["triage"].ahead if rung.name == "late")
        assert late.at == self.TUESDAY
        theirs = self.scottish(date(2027, 3, 23), "lead")
        assert self.EASTER in [rung.at for rung in theirs.open["triage"].ahead]

    def test_an_overdue_notice_waits_for_its_recipients_day(self) -> None:
        ladder = self.scottish(date(2027, 11, 18), "manager")
        night = self.ST_ANDREW - timedelta(hours=5)
        [deferred] = ladder.wake(night).facts
        assert deferred.data["to"] == self.ST_ANDREW.isoformat()
        assert ladder.wake(self.ST_ANDREW).notices
        theirs = self.scottish(date(2027, 11, 18), "lead")
        theirs.open["triage"] = replace(
            theirs.open["triage"], ahead=theirs.open["triage"].ahead[:3]
        )
        [deferred] = theirs.wake(night).facts
        assert deferred.data["to"] == datetime(2027, 12, 1, 9, tzinfo=UTC).isoformat()


class TestMove:
    """Complaint 3: moving a date sends reminders again, or the fix for that sends too few."""

    def test_a_moved_date_fires_only_what_is_still_ahead_of_it(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        now = task.ahead[0].at
        assert [notice.rung for notice in ladder.wake(now).notices] == ["triage/early"]
        # Two working days later than it was: the early reminder of the new date is over.
        moved = ladder.move("triage", calendar().add_working_days(task.due_at.date(), -2), now)
        assert moved.revision == 2
        assert [rung.name for rung in moved.ahead] == ["today", "late", "stuck"]

    def test_a_date_moved_far_ahead_has_its_whole_ladder_anew(self) -> None:
        ladder = deadlines()
        task = ladder.set("triage", "research", stage(), MONDAY_NOON)
        run(ladder, task.ahead[2].at)
        moved = ladder.move("triage", date(2027, 6, 1), task.ahead[2].at)
        said = run(ladder, moved.ends_at, task.ahead[2].at)
        assert said == [(f"triage/{rung.name}", rung.at) for rung in moved.ahead]
        assert len(said) == 4

    def test_moving_it_changes_the_next_wake_at_once(self) -> None:
        ladder = deadlines()
        ladder.set("triage", "research", stage(), MONDAY_NOON)
        before = ladder.next_wake()
        ladder.move("triage", date(2027, 6, 1), MONDAY_NOON)
        assert before is not None
        assert (ladder.next_wake() or before) > before

    def test_a_task_that_comes_back_has_a_revision_of_its_own(self) -> None:
        ladder = deadlines()
        ladder.set("draft", "research", stage(), MONDAY_NOON)
        ladder.close("draft")
        assert ladder.set("draft", "research", stage(), MONDAY_NOON).revision == 2

    def test_an_unknown_task_cannot_be_moved(self) -> None:
        with pytest.raises(KeyError):
            deadlines().move("triage", date(2027, 6, 1), MONDAY_NOON)


moves = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 200)),  # hours until the move, days to the new due
    max_size=6,
)


class TestProperties:
    @given(moves=moves)
    @settings(max_examples=60, deadline=None)
    def test_whatever_is_moved_no_rung_of_a_revision_is_said_twice(
        self, moves: list[tuple[int, int]]
    ) -> None:
        ladder = deadlines()
        ladder.set("triage", "research", stage(), MONDAY_NOON)
        now = MONDAY_NOON
        said: list[tuple[str, int]] = []

        def wake_until(instant: datetime) -> None:
            nonlocal now
            while (wake := ladder.next_wake()) is not None and wake <= instant:
                now = max(now, wake)
                said.extend((n.rung, n.revision) for n in ladder.wake(now).notices)
            now = max(now, instant)

        for hours, days in moves:
            wake_until(now + timedelta(hours=hours * 8))
            ladder.move("triage", now.date() + timedelta(days=days), now)
        wake_until(now + timedelta(days=400))
        assert len(said) == len(set(said))
        last = ladder.open["triage"].revision
        assert ("triage/late", last) in said, "the last date's own ladder is never cut short"

    @given(late=st.integers(0, 60 * 24 * 40))
    @settings(max_examples=60, deadline=None)
    def test_however_late_it_wakes_it_says_one_thing_at_a_time_and_only_by_day(
        self, late: int
    ) -> None:
        ladder = deadlines()
        ladder.set("triage", "research", stage(), MONDAY_NOON)
        now = MONDAY_NOON + timedelta(minutes=late)
        while (wake := ladder.next_wake()) is not None:
            now = max(now, wake)
            outcome = ladder.wake(now)
            assert len(outcome.notices) <= 1
            if outcome.notices:
                assert calendar().next_send_instant(now) == now

    def test_a_due_day_off_moves_to_the_next_working_day(self) -> None:
        ladder = deadlines()
        ladder.set("triage", "research", stage(), MONDAY_NOON)
        moved = ladder.move("triage", date(2027, 12, 25), MONDAY_NOON)
        assert moved.due_at == due_on(calendar(), date(2028, 1, 4))
