"""What tasks and items are called."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.titles import Titles, readable, titles_of
from notifications.words import catalogue, item_title, task_words, why_sentence
from programmes.rules import ResearchRules
from tests.notifications.office import definition

TITLES = titles_of(definition())


class TestTasks:
    @pytest.mark.parametrize(
        ("family", "key", "title"),
        [
            ("research", "triage", "Triage the request"),
            ("advice", "confirm", "Choose a date for your advice session"),
            ("onboarding", "step:contacts", "Name your lead and your contacts"),
            ("onboarding", "step:unheard-of", "Unheard of"),
            ("review", "sign_off", "Sign off the review"),
            ("action", "action:2", "Do what was agreed"),
            ("research", "quite_new", "Quite new"),
            ("peer", "match:3", "3"),
        ],
    )
    def test_a_task_has_a_title(self, family: str, key: str, title: str) -> None:
        assert task_words(family, key, TITLES).title == title

    def test_a_step_says_what_to_do_in_the_programmes_own_words(self) -> None:
        todo = task_words("onboarding", "step:contacts", TITLES).todo
        assert todo == definition().step("contacts").text.strip()

    def test_an_agreed_action_is_called_what_was_agreed(self) -> None:
        assert task_words("action", "action:2", TITLES, "Call Leeds {now}").title == (
            "Call Leeds {now}"
        )

    def test_every_stage_of_the_rules_has_words(self) -> None:
        tasks = catalogue()["task"]
        assert set(tasks["research"]) == {field.name for field in fields(ResearchRules)}
        stages = {"propose", "confirm", "agenda", "session", "notes"}
        assert set(tasks["advice"]) == stages
        assert set(tasks["review"]) == {"submit", "sign_off", "revise"}

    @given(st.text(max_size=15), st.text(max_size=15))
    def test_no_key_however_odd_makes_it_fail(self, family: str, key: str) -> None:
        task_words(family, key, TITLES)


class TestItems:
    @pytest.mark.parametrize(
        ("kind", "key", "number", "title"),
        [
            ("research", "3", "", "Research request 3"),
            ("research", "x", "7", "Research request 7"),
            ("review", "three-month", "", "Three-month review"),
            ("advice", "2", "", "Advice cycle 2"),
            ("onboarding", "onboarding", "", "Joining the programme"),
            ("", "", "", "Inclusive Growth Network"),
            ("peer_exchange", "4", "", "Peer exchange 4"),
        ],
    )
    def test_an_item_has_a_title(self, kind: str, key: str, number: str, title: str) -> None:
        assert item_title(kind, key, TITLES, number) == title


def test_everybody_is_told_why() -> None:
    assert why_sentence("lead", "Cardiff") == "You are the lead contact for Cardiff."
    assert why_sentence("auditor", "Cardiff") == "You work with Cardiff."


def test_a_programme_without_a_definition_still_has_readable_words() -> None:
    bare = Titles(programme="x")
    assert bare.step("welcome-call") == "Welcome call"
    assert bare.check("r", "plan_progress") == "Plan progress"
    assert readable("") == ""
