"""A definition becomes rules without any text by people."""

import json
from dataclasses import asdict

import pytest

from programmes.definition import Definition
from programmes.loader import load_definition
from programmes.rules import LadderRule, Rules, RungRule, StageRule, StepRule
from tests.definitions import IGN, definition
from tests.programmes.small import SMALL


@pytest.fixture
def small() -> Definition:
    return load_definition(SMALL, "small.yaml")


class TestRules:
    def test_carry_every_key_and_duration(self, small: Definition) -> None:
        rules = small.rules()
        assert (rules.programme, rules.version, rules.soon) == ("small", 1, "3wd")
        assert rules.ladders == {
            "plain": LadderRule(
                (
                    RungRule("early", "-3wd", ("owner",), "reminder"),
                    RungRule("late", "2wd", ("owner",), "overdue"),
                    RungRule("stuck", "5wd", ("manager", "team"), "escalation"),
                ),
                "10wd",
            )
        }
        assert rules.onboarding == (
            StepRule("sign", StageRule("lead", "10wd", "plain")),
            StepRule("call", StageRule("manager", "5wd", "plain"), ("sign",)),
        )
        assert rules.research is not None
        assert rules.research.acceptance == StageRule("lead", "10wd", "plain", "accept")
        assert rules.advice is not None
        assert rules.advice.agenda == StageRule("adviser", "-3wd", "plain")
        assert rules.review("half").checklist == ("story",)
        assert rules.review("half").hears == ("team",)
        assert rules.review("final").after == "half"

    def test_hold_no_text(self) -> None:
        carried = json.dumps(asdict(definition(IGN).rules()))
        for text in ("Sign the membership", "Lead contact", "Joseph Rowntree", "example.org"):
            assert text not in carried

    def test_are_small_enough_for_every_history(self) -> None:
        assert len(json.dumps(asdict(definition(IGN).rules()))) < 6_000

    def test_a_programme_may_do_without_research_advice_and_reviews(self) -> None:
        text = SMALL[: SMALL.index("research:")]
        rules = load_definition(text, "small.yaml").rules()
        assert (rules.research, rules.advice, rules.reviews) == (None, None, ())


class TestLookUps:
    def test_find_their_part_by_its_id(self, small: Definition) -> None:
        assert small.step("call").title == "Call"
        assert small.review("final").title == "Final review"
        assert small.theme("jobs").title == "Jobs"

    def test_raise_a_key_error_for_an_unknown_id(self, small: Definition) -> None:
        for look_up in (small.step, small.review, small.theme):
            with pytest.raises(KeyError):
                look_up("nothing")


def test_an_always_open_calendar_needs_no_hours() -> None:
    start, end = SMALL.index("calendar:"), SMALL.index("soon:")
    text = SMALL[:start] + "calendar:\n  kind: always-open\n" + SMALL[end:]
    assert load_definition(text, "small.yaml").calendar.kind == "always-open"


def test_the_review_of_a_programme_without_any_is_a_key_error() -> None:
    rules = Rules("p", 1, "3wd", {}, ())
    with pytest.raises(KeyError):
        rules.review("final")


def test_a_programme_may_have_its_own_from_address(small: Definition) -> None:
    assert small.mail.from_address is None
    text = SMALL.replace("  reply_to:", "  from: jobs@example.org\n  reply_to:")
    assert load_definition(text, "small.yaml").mail.from_address == "jobs@example.org"
