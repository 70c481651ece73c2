"""The plan of a whole engagement is right in four nations, in order, and stable when moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.calendar import Blackout, WorkingCalendar, calendar_of
from programmes.planner import (
    Adjustments,
    Plan,
    PlannedDeadline,
    PlannedItem,
    due_after,
    heard_by,
    next_cycle_at,
    plan,
    review_dates,
    start_instant,
)
from programmes.rules import LadderRule, Rules
from programmes.vocabulary import Nation
from tests.definitions import IGN, definition
from tests.programmes.examples import always_open, at, calendars, days, ladders, uk

RULES = definition(IGN).rules()
TOUR = definition("tour").rules()


def with_ladders(chosen: list[LadderRule]) -> Rules:
    """The network's rules, with ladders drawn at random."""
    names = sorted(RULES.ladders)
    return replace(
        RULES, ladders={name: chosen[place % len(chosen)] for place, name in enumerate(names)}
    )


any_rules = st.one_of(st.just(RULES), st.lists(ladders(), min_size=1, max_size=3).map(with_ladders))


def deadlines(planned: Plan) -> Iterator[tuple[PlannedItem, PlannedDeadline]]:
    for item in planned.items:
        for deadline in item.deadlines:
            yield item, deadline


def by_key(planned: Plan) -> dict[tuple[str, str, str], PlannedDeadline]:
    return {(item.kind, item.key, one.key): one for item, one in deadlines(planned)}


class TestEveryPlan:
    @settings(max_examples=40, deadline=None)
    @given(any_rules, calendars(), days())
    def test_sends_no_email_and_has_no_due_date_on_a_day_off(
        self, rules: Rules, calendar: WorkingCalendar, start: date
    ) -> None:
        planned = plan(rules, start, calendar)
        for item, deadline in deadlines(planned):
            for instant in (item.opens_at, item.due_at, deadline.due_at, deadline.soon_at):
                assert calendar.is_working(calendar.local_date(instant))
            assert deadline.due_at == calendar.closing(calendar.local_date(deadline.due_at))
            for rung in deadline.rungs:
                theirs = calendar_of(calendar, heard_by(rung.to, deadline.owner))
                assert theirs.is_working(theirs.local_date(rung.at))
                assert theirs.next_send_instant(rung.at) == rung.at

    @settings(max_examples=40, deadline=None)
    @given(any_rules, calendars(), days())
    def test_keeps_items_and_rungs_in_order(
        self, rules: Rules, calendar: WorkingCalendar, start: date
    ) -> None:
        planned = plan(rules, start, calendar)
        assert list(planned.items[1:]) == sorted(planned.items[1:], key=lambda one: one.opens_at)
        onboarding = planned.items[0]
        assert onboarding.due_at == planned.onboarded_at
        for item, deadline in deadlines(planned):
            assert onboarding.opens_at <= item.opens_at <= item.due_at
            assert deadline.opens_at is not None
            assert item.opens_at <= deadline.opens_at <= deadline.due_at
            instants = [deadline.opens_at, *(rung.at for rung in deadline.rungs)]
            assert all(one < other for one, other in pairwise(instants))
            assert deadline.ends_at >= instants[-1]
        for step in rules.onboarding:
            for key in step.after:
                before = onboarding.deadline(f"step:{key}")
                following = onboarding.deadline(f"step:{step.key}")
                assert before.due_at <= following.due_at
        dues = [planned.item("review", review.key).due_at for review in rules.reviews]
        assert dues == sorted(dues)

    @settings(max_examples=40, deadline=None)
    @given(any_rules, calendars(), days(), st.integers(1, 60))
    def test_is_monotone_in_its_start(
        self, rules: Rules, calendar: WorkingCalendar, start: date, later: int
    ) -> None:
        sooner = by_key(plan(rules, start, calendar))
        after = by_key(plan(rules, start + timedelta(days=later), calendar))
        for key in sooner.keys() & after.keys():
            one, other = sooner[key], after[key]
            assert one.due_at <= other.due_at
            assert one.ends_at <= other.ends_at
            assert one.soon_at <= other.soon_at
            rungs = {rung.name: rung.at for rung in other.rungs}
            assert all(rung.at <= rungs[rung.name] for rung in one.rungs if rung.name in rungs)

    def test_is_the_same_each_time(self) -> None:
        start = date(2026, 12, 14)
        assert plan(RULES, start, uk("SCT")) == plan(RULES, start, uk("SCT"))


class TestMoving:
    @settings(max_examples=40, deadline=None)
    @given(calendars(), days(), st.sampled_from(RULES.reviews), st.integers(-20, 90))
    def test_moving_a_review_moves_only_the_reviews_after_it(
        self, calendar: WorkingCalendar, start: date, review: object, by: int
    ) -> None:
        key = getattr(review, "key", "")
        before = plan(RULES, start, calendar)
        day = calendar.local_date(before.item("review", key).due_at) + timedelta(days=by)
        after = plan(RULES, start, calendar, Adjustments(moved={key: day}))

        order = [one.key for one in RULES.reviews]
        dependent = order[order.index(key) :]
        assert after.item("review", key).due_at == calendar.closing(calendar.roll_forward(day))
        for one in set(order) - set(dependent):
            assert after.item("review", one) == before.item("review", one)
        for one, other in pairwise(dependent):
            again = review_dates(
                replace(RULES, reviews=(replace(RULES.review(other), after="onboarding"),)),
                calendar,
                after.item("review", one).due_at,
                {},
            )
            assert again[0].due_at == after.item("review", other).due_at
        assert after.item("onboarding", "onboarding") == before.item("onboarding", "onboarding")
        self.cycles_are_the_same_until_the_last_review(before, after)

    def cycles_are_the_same_until_the_last_review(self, before: Plan, after: Plan) -> None:
        cycles = [[one for one in each.items if one.kind == "advice"] for each in (before, after)]
        assert all(one == other for one, other in zip(*cycles, strict=False))

    def test_moving_a_step_moves_the_steps_after_it(self) -> None:
        start, calendar = date(2026, 12, 14), uk("SCT")
        before = plan(RULES, start, calendar)
        moved = Adjustments(moved={"step:contacts": date(2027, 1, 11)})
        after = plan(RULES, start, calendar, moved)
        steps = [plan.item("onboarding", "onboarding") for plan in (before, after)]
        changed = [
            one.key
            for one, other in zip(steps[0].deadlines, steps[1].deadlines, strict=True)
            if one != other
        ]
        assert changed == ["step:contacts", "step:baseline", "step:welcome-call", "step:plan"]
        assert steps[1].deadline("step:contacts").due_at == at("2027-01-11 17:00")
        assert steps[1].deadline("step:contacts").rule == "moved to 2027-01-11"
        assert after.onboarded_at == at("2027-03-01 17:00")

    def test_a_step_after_a_finished_step_counts_from_its_end(self) -> None:
        start, calendar = date(2026, 12, 14), uk("SCT")
        early = at("2026-12-15 11:00")
        after = plan(RULES, start, calendar, Adjustments(done={"contacts": early}))
        baseline = after.item("onboarding", "onboarding").deadline("step:baseline")
        rule = next(one for one in RULES.onboarding if one.key == "baseline")
        assert baseline.due_at == due_after(calendar, early, rule.stage.due)

    def test_an_onboarding_ends_when_the_last_of_its_steps_was_done(self) -> None:
        start, calendar = date(2026, 12, 14), uk("SCT")
        done = {one.key: at("2026-12-16 11:00") for one in RULES.onboarding}
        after = plan(RULES, start, calendar, Adjustments(done=done))
        assert after.onboarded_at == at("2026-12-16 11:00")
        assert after.item("onboarding", "onboarding").due_at == at("2026-12-16 11:00")

    def test_a_review_moved_to_a_day_off_is_due_on_the_next_working_day(self) -> None:
        moved = Adjustments(moved={"three-month": date(2027, 5, 31)})
        after = plan(RULES, date(2026, 12, 14), uk("ENG"), moved)
        review = after.item("review", "three-month")
        assert review.due_at == at("2027-06-01 17:00")
        assert review.deadline("submit").rule == "moved to 2027-05-31"


class TestFourNations:
    @pytest.mark.parametrize(
        ("nation", "start", "agreement", "onboarded", "three_month"),
        [
            ("ENG", "2026-12-14", "2027-01-13", "2027-02-17", "2027-05-17"),
            ("WLS", "2026-12-14", "2027-01-13", "2027-02-17", "2027-05-17"),
            ("SCT", "2026-12-14", "2027-01-14", "2027-02-18", "2027-05-18"),
            ("NIR", "2026-12-14", "2027-01-13", "2027-02-17", "2027-05-17"),
            ("ENG", "2027-03-08", "2027-03-31", "2027-05-06", "2027-08-06"),
            ("SCT", "2027-03-08", "2027-03-30", "2027-05-05", "2027-08-05"),
            ("NIR", "2027-03-08", "2027-04-01", "2027-05-07", "2027-08-09"),
        ],
    )
    def test_each_nation_has_its_own_bank_holidays(
        self, nation: Nation, start: str, agreement: str, onboarded: str, three_month: str
    ) -> None:
        planned = plan(RULES, date.fromisoformat(start), uk(nation))
        onboarding = planned.item("onboarding", "onboarding")
        assert onboarding.deadline("step:agreement").due_at == at(f"{agreement} 17:00")
        assert planned.onboarded_at == at(f"{onboarded} 17:00")
        assert planned.item("review", "three-month").due_at == at(f"{three_month} 17:00")

    def test_due_dates_in_a_pre_election_period_move_after_it(self) -> None:
        period = Blackout(date(2027, 5, 10), date(2027, 6, 3), "pre-election period")
        planned = plan(RULES, date(2026, 12, 14), uk("SCT", (period,)))
        review = planned.item("review", "three-month")
        assert review.due_at == at("2027-06-04 17:00")
        assert [rung.at for rung in review.deadline("submit").rungs][:2] == [
            at("2027-04-30 09:00"),
            at("2027-06-04 09:00"),
        ]


class TestStartInstant:
    def test_is_the_opening_of_the_first_working_day(self) -> None:
        assert start_instant(date(2027, 1, 4), uk("ENG")) == at("2027-01-04 09:00")
        assert start_instant(date(2027, 1, 4), uk("SCT")) == at("2027-01-05 09:00")
        assert start_instant(at("2027-01-02 12:00"), uk("ENG")) == at("2027-01-04 09:00")

    def test_is_the_instant_itself_on_an_always_open_calendar(self) -> None:
        instant = datetime(2026, 12, 25, 3, 4, 5, tzinfo=UTC)
        assert start_instant(instant, always_open()) == instant


class TestNextCycleAt:
    onboarded = at("2027-02-18 17:00")

    def openings(self, moved: dict[str, date] | None = None) -> list[str]:
        cycles: list[datetime] = []
        calendar = uk("SCT")
        while following := next_cycle_at(
            RULES, calendar, self.onboarded, tuple(cycles), moved or {}
        ):
            cycles.append(following)
        return [calendar.local_date(one).isoformat() for one in cycles]

    def test_cycles_open_at_the_interval_until_the_last_review(self) -> None:
        assert self.openings() == ["2027-02-25", "2027-05-25", "2027-08-25", "2027-11-25"]

    def test_moving_the_last_review_later_adds_a_cycle(self) -> None:
        assert self.openings({"final": date(2028, 3, 31)})[4:] == ["2028-02-25"]

    def test_a_cycle_that_opened_late_does_not_delay_the_next(self) -> None:
        late = (at("2027-03-15 11:00"),)
        following = next_cycle_at(RULES, uk("SCT"), self.onboarded, late)
        assert following == at("2027-05-25 09:00")

    def test_missed_cycles_are_skipped(self) -> None:
        very_late = (at("2027-06-15 11:00"),)
        following = next_cycle_at(RULES, uk("SCT"), self.onboarded, very_late)
        assert following == at("2027-08-25 09:00")

    def test_there_is_none_on_the_day_of_the_last_review(self) -> None:
        following = next_cycle_at(RULES, uk("SCT"), self.onboarded, ())
        assert following is not None
        last = RULES.reviews[-1].key
        earlier = {one.key: following.date() for one in RULES.reviews[:-1]}
        on_the_day = earlier | {last: following.date()}
        assert next_cycle_at(RULES, uk("SCT"), self.onboarded, (), on_the_day) is None
        later = earlier | {last: following.date() + timedelta(days=1)}
        assert next_cycle_at(RULES, uk("SCT"), self.onboarded, (), later) == following

    def test_there_is_none_without_advice(self) -> None:
        rules = replace(RULES, advice=None)
        assert next_cycle_at(rules, uk(), self.onboarded, ()) is None

    def test_without_reviews_a_year_is_planned(self) -> None:
        planned = plan(replace(RULES, reviews=()), date(2026, 12, 14), uk())
        assert [item.key for item in planned.items] == ["onboarding", "1", "2", "3", "4"]

    def test_the_plan_keeps_the_openings_that_took_place(self) -> None:
        opened = at("2027-03-15 11:00")
        adjusted = Adjustments(onboarded_at=self.onboarded, cycles=(opened,))
        planned = plan(RULES, date(2026, 12, 14), uk("SCT"), adjusted)
        assert planned.item("advice", "1").opens_at == opened
        assert planned.item("advice", "2").opens_at == at("2027-05-25 09:00")


class TestAfterTheOnboarding:
    def test_the_reviews_follow_its_actual_end(self) -> None:
        ended = at("2027-03-02 11:00")
        adjusted = Adjustments(onboarded_at=ended)
        planned = plan(RULES, date(2026, 12, 14), uk("SCT"), adjusted)
        assert planned.onboarded_at == ended
        assert planned.item("review", "three-month").due_at == at("2027-06-02 17:00")
        assert tuple(one for one in planned.items if one.kind == "review") == review_dates(
            RULES, uk("SCT"), ended, {}
        )

    def test_no_review_opens_before_it(self) -> None:
        early = replace(RULES.review("three-month"), opens="P6M")
        (review,) = review_dates(replace(RULES, reviews=(early,)), uk(), at("2027-03-02 11:00"), {})
        assert review.opens_at == at("2027-03-02 11:00")


class TestRulesInWords:
    def test_every_date_states_its_rule(self) -> None:
        planned = by_key(plan(RULES, date(2026, 12, 14), uk()))
        onboarding = ("onboarding", "onboarding")
        rules = {
            (*onboarding, "step:agreement"): "15 working days after the start",
            (*onboarding, "step:baseline"): "15 working days after step contacts",
            ("review", "three-month", "submit"): "3 months after the end of the onboarding",
            ("review", "final", "submit"): "6 months after review six-month",
            ("advice", "1", "agenda"): "3 working days before the session",
            ("advice", "1", "session"): "on the day of the session",
        }
        assert {key: planned[key].rule for key in rules} == rules


def test_steps_or_reviews_in_a_circle_raise_an_error() -> None:
    first = replace(RULES.onboarding[0], after=("contacts",))
    second = replace(RULES.onboarding[1], after=("agreement",))
    with pytest.raises(ValueError, match="steps wait for each other"):
        plan(replace(RULES, onboarding=(first, second)), date(2026, 12, 14), uk())
    review = replace(RULES.reviews[0], after="final")
    with pytest.raises(ValueError, match="reviews wait for each other"):
        plan(replace(RULES, reviews=(review,)), date(2026, 12, 14), uk())


def test_a_plan_raises_a_key_error_for_an_unknown_item() -> None:
    planned = plan(TOUR, date(2026, 12, 14), always_open())
    with pytest.raises(KeyError):
        planned.item("review", "final")
    with pytest.raises(KeyError):
        planned.items[0].deadline("step:nothing")
