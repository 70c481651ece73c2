"""An engagement: what opens when, what blocks its completion, how it ends."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from programmes.facts import Record
from programmes.planner import Adjustments, next_cycle_at, plan, start_instant
from tests.workflows.stories import MANAGER, NOON, START, calendar, engagement_input, rules
from workflows.messages import (
    AgreedAction,
    Complete,
    ItemEnded,
    MoveReview,
    OpenRequest,
    ReviewMoved,
    Withdraw,
)
from workflows.processes.engagement import EngagementProcess
from workflows.processes.engagement_plan import Opening

ACTION = AgreedAction("act_1", "txt_1", "lead", date(2027, 6, 1))


def opened() -> EngagementProcess:
    process = EngagementProcess(engagement_input())
    process.opening(NOON)
    return process


def onboarded(at: datetime = NOON + timedelta(days=60)) -> EngagementProcess:
    process = opened()
    item = process.open_planned(process.upcoming()[0], NOON)
    said = process.item_ended(ItemEnded(item.item_id, "onboarding", "onboarding", "completed", at))
    assert said is not None
    process.decide(said, at)
    return process


def open_and_end(process: EngagementProcess, opening: Opening) -> list[str]:
    """Open a planned item and end it at once; the facts that the engagement adds."""
    item = process.open_planned(opening, opening.at)
    said = process.item_ended(
        ItemEnded(item.item_id, opening.kind, opening.key, "completed", opening.at)
    )
    return [fact.kind for fact in process.decide(said, opening.at).facts] if said else []


class TestOpenings:
    def test_only_the_onboarding_is_ahead_at_first_on_the_first_working_day(self) -> None:
        process = EngagementProcess(engagement_input(start=date(2026, 12, 25)))
        process.opening(NOON)
        at = start_instant(date(2026, 12, 25), calendar())
        assert process.upcoming() == [Opening(at, "onboarding", "onboarding")]

    def test_the_end_of_the_onboarding_fixes_every_date_as_the_planner_has_it(self) -> None:
        at = NOON + timedelta(days=60)
        process = onboarded(at)
        assert process.stage == "active"
        reviews = [one for one in process.upcoming() if one.kind == "review"]
        expected = plan(rules(), START, calendar(), Adjustments(onboarded_at=at))
        assert [(one.key, one.at) for one in reviews] == [
            (item.key, item.opens_at) for item in expected.items if item.kind == "review"
        ]

    def test_each_item_opens_once(self) -> None:
        process = onboarded()
        openings = process.upcoming()
        process.open_planned(openings[0], openings[0].at)
        assert openings[0] not in process.upcoming()

    def test_the_next_cycle_follows_at_the_interval_with_what_was_carried(self) -> None:
        process = onboarded()
        first = next(one for one in process.upcoming() if one.kind == "advice")
        item = process.open_planned(first, first.at)
        assert process.open_advice() == item.item_id
        process.item_ended(
            ItemEnded(item.item_id, "advice", "1", "rolled_over", NOON, carried=(ACTION,))
        )
        second = next(one for one in process.upcoming() if one.kind == "advice")
        assert process.onboarded_at is not None
        assert second.at == next_cycle_at(rules(), calendar(), process.onboarded_at, process.cycles)
        assert process.open_planned(second, second.at).carried == (ACTION,)
        assert process.carried == ()

    def test_an_unknown_end_changes_nothing(self) -> None:
        process = onboarded()
        before = process.progress(())
        assert process.item_ended(ItemEnded("itm_x", "review", "final", "x", NOON)) is None
        assert process.progress(()) == before


class TestMovingReviews:
    def test_a_moved_review_moves_what_depends_on_it_and_nothing_else(self) -> None:
        process = onboarded()
        before = {one.key: one.at for one in process.upcoming() if one.kind == "review"}
        command = MoveReview(MANAGER, "six-month", date(2027, 11, 1))
        process.may_move_review(command, NOON)
        process.decide(lambda decision: process.move_review(command, decision), NOON)
        after = {one.key: one.at for one in process.upcoming() if one.kind == "review"}
        assert after["three-month"] == before["three-month"]
        assert after["six-month"] > before["six-month"]
        assert after["final"] > before["final"]

    def test_the_lead_is_told_of_each_new_date_once(self) -> None:
        process = onboarded()
        plan_of_it = plan(
            rules(), START, calendar(), Adjustments(onboarded_at=process.onboarded_at)
        )
        before = plan_of_it.item("review", "final").due_at

        def moved(day: date) -> Record:
            command = MoveReview(MANAGER, "final", day, "txt_why")
            return process.decide(lambda decision: process.move_review(command, decision), NOON)

        records = [moved(day) for day in (date(2028, 1, 10), date(2028, 2, 12))]
        notices = [notice for record in records for notice in record.notices]
        assert [(one.kind, one.to, one.text) for one in notices] == [
            ("review.replanned", ("lead",), "txt_why")
        ] * 2
        assert len({one.rung for one in notices}) == 2, "two dates are two emails"
        facts = [record.facts[0].data for record in records]
        assert [fact["before"] for fact in facts] == [before.isoformat(), facts[0]["after"]]
        assert facts[1]["after"] == calendar().closing(date(2028, 2, 14)).isoformat(), "a Saturday"

    def test_before_the_onboarding_is_over_there_was_no_date_to_speak_of(self) -> None:
        process = opened()
        command = MoveReview(MANAGER, "final", date(2028, 1, 10))
        record = process.decide(lambda decision: process.move_review(command, decision), NOON)
        assert "before" not in record.facts[0].data
        assert [one.kind for one in record.notices] == ["review.replanned"]

    def test_an_open_review_that_was_moved_takes_the_later_ones_with_it(self) -> None:
        process = onboarded()
        before = {one.key: one.at for one in process.upcoming() if one.kind == "review"}
        said = process.review_moved(ReviewMoved("three-month", date(2027, 9, 1)))
        assert said is not None
        process.decide(said, NOON)
        after = {one.key: one.at for one in process.upcoming() if one.kind == "review"}
        assert after["final"] > before["final"]

    def test_of_two_moves_in_the_wrong_order_the_later_one_holds(self) -> None:
        process = onboarded()
        assert process.review_moved(ReviewMoved("three-month", date(2027, 9, 1), 5)) is not None
        after = process.upcoming()
        assert process.review_moved(ReviewMoved("three-month", date(2027, 8, 2), 4)) is None
        assert process.upcoming() == after
        again = EngagementProcess(replace(engagement_input(), progress=process.progress(())))
        assert again.review_moved(ReviewMoved("three-month", date(2027, 8, 2), 4)) is None

    def test_one_that_has_opened_keeps_its_date_and_what_follows_it_hangs_on_that(self) -> None:
        process = onboarded()
        reviews = [one for one in process.upcoming() if one.kind == "review"]
        first, second, last = (one.key for one in reviews)
        opened_with = {one.key: process.open_planned(one, one.at).due for one in reviews[:2]}
        final = next(one for one in process.upcoming() if one.key == last)
        said = process.review_moved(ReviewMoved(first, date(2027, 9, 1)))
        assert said is not None
        process.decide(said, NOON)
        assert process.due_before(first) is not None
        assert process.due_before(second) == opened_with[second]
        assert final in process.upcoming(), "it follows the second, which stays where it is"

    @pytest.mark.parametrize(
        ("review", "due", "sentence"),
        [
            ("half-time", date(2027, 11, 1), "no review 'half-time'"),
            ("final", date(2020, 1, 1), "is over"),
            ("final", date(2099, 1, 1), "more than two years"),
            ("final", date(2027, 3, 1), "not after what this review follows"),
        ],
    )
    def test_what_cannot_be_moved_is_refused(self, review: str, due: date, sentence: str) -> None:
        with pytest.raises(ApplicationError, match=sentence):
            onboarded().may_move_review(MoveReview(MANAGER, review, due), NOON)


class TestLostItems:
    def test_a_lost_review_does_not_stop_the_engagement(self) -> None:
        process = onboarded()
        review = next(one for one in process.upcoming() if one.kind == "review")
        item = process.open_planned(review, review.at)
        word = process.last_word(item.item_id, review.at)
        assert (word.closes, word.tasks, word.sequence) == ("lost", (), 1_000_000)
        assert process.item_lost(item.item_id, review.at) is None
        assert f"review:{review.key}" not in process.blockers()

    def test_a_lost_advice_cycle_lets_the_next_one_open(self) -> None:
        process = onboarded()
        first = next(one for one in process.upcoming() if one.kind == "advice")
        item = process.open_planned(first, first.at)
        process.rolling_over = item.item_id
        process.item_lost(item.item_id, first.at)
        assert [one.key for one in process.upcoming() if one.kind == "advice"] == ["2"]

    def test_a_cancelled_onboarding_does_not_count_as_done(self) -> None:
        process = opened()
        item = process.open_planned(process.upcoming()[0], NOON)
        ended = ItemEnded(item.item_id, "onboarding", "onboarding", "cancelled", NOON)
        assert process.item_ended(ended) is None
        assert (process.stage, process.onboarded_at) == ("onboarding", None)
        assert "onboarding:onboarding" in process.blockers()


class TestEnding:
    def test_it_completes_only_when_nothing_blocks_and_otherwise_lists_what_does(self) -> None:
        process = opened()
        with pytest.raises(ApplicationError) as caught:
            process.may_complete(Complete(MANAGER), NOON)
        assert caught.value.details[0] == {
            "blockers": [
                "onboarding:onboarding",
                "review:final",
                "review:six-month",
                "review:three-month",
            ]
        }

    def test_the_last_review_leads_to_completing_and_then_nothing_opens_any_more(self) -> None:
        process = onboarded()
        facts: list[str] = []
        while reviews := [one for one in process.upcoming() if one.kind == "review"]:
            facts += open_and_end(process, reviews[0])
        assert facts == ["engagement.completing", "engagement.ready"]
        assert process.stage == "completing"
        assert process.upcoming() == []
        process.may_complete(Complete(MANAGER), NOON)

    def test_open_research_blocks_completion(self) -> None:
        process = onboarded()
        while reviews := [one for one in process.upcoming() if one.kind == "review"]:
            open_and_end(process, reviews[0])
        process.items["itm_9"] = "research:1"
        assert process.blockers() == ["research:1"]

    @pytest.mark.parametrize("lost", [False, True])
    def test_it_is_said_to_be_ready_when_the_last_that_blocks_it_has_ended(
        self, lost: bool
    ) -> None:
        process = onboarded()
        first = next(one for one in process.upcoming() if one.kind == "advice")
        cycle = process.open_planned(first, first.at)
        process.items["itm_9"] = "research:1"
        told = []
        while reviews := [one for one in process.upcoming() if one.kind == "review"]:
            told += open_and_end(process, reviews[0])
        assert told == ["engagement.completing"]
        assert process.item_ended(ItemEnded("itm_9", "research", "1", "closed", NOON)) is None
        said = (
            process.item_lost(cycle.item_id, NOON)
            if lost
            else process.item_ended(ItemEnded(cycle.item_id, "advice", "1", "closed", NOON))
        )
        assert said is not None
        record = process.decide(said, NOON)
        assert [(one.kind, one.to) for one in record.notices] == [
            ("engagement.ready", ("manager",))
        ]
        assert [fact.kind for fact in record.facts] == ["engagement.ready"]
        process.may_complete(Complete(MANAGER), NOON)

    def test_withdrawn_it_says_so_once_and_refuses_everything_after(self) -> None:
        process = onboarded()
        command = Withdraw(MANAGER, "txt_why")
        process.may_withdraw(command, NOON)
        record = process.decide(lambda decision: process.withdraw(command, decision), NOON)
        assert [notice.kind for notice in record.notices] == ["engagement.withdrawn"]
        assert record.engagement is not None
        assert (record.engagement.stage, record.engagement.reason) == ("withdrawn", "txt_why")
        assert process.upcoming() == []
        with pytest.raises(ApplicationError, match="It has ended"):
            process.may_withdraw(command, NOON)
        with pytest.raises(ApplicationError, match="support has ended"):
            process.may_open_request(OpenRequest("con_1", "itm_1", "txt_1"), NOON)


class TestRequests:
    def test_requests_are_numbered_in_order(self) -> None:
        process = opened()
        keys = [
            process.open_request(OpenRequest("con_1", f"itm_{n}", "txt_1"), NOON).key
            for n in range(3)
        ]
        assert keys == ["1", "2", "3"]

    def test_a_programme_without_research_refuses_them(self) -> None:
        process = EngagementProcess(engagement_input(rules=replace(rules(), research=None)))
        process.opening(NOON)
        with pytest.raises(ApplicationError, match="does not offer research"):
            process.may_open_request(OpenRequest("con_1", "itm_1", "txt_1"), NOON)


class TestCarrying:
    def test_it_goes_on_after_continue_as_new_as_if_nothing_had_been(self) -> None:
        process = onboarded()
        process.open_planned(process.upcoming()[0], NOON)
        again = EngagementProcess(replace(process.input, progress=process.progress(("u1",))))
        assert again.progress(("u1",)) == process.progress(("u1",))
        assert again.upcoming() == process.upcoming()
        assert again.blockers() == process.blockers()
