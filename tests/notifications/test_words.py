"""What tasks and items are called."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.titles import Titles, readable, titles_of
from notifications.words import catalogue, entry, item_title, task_words, why_sentence
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


class TestWelsh:
    def test_whatever_members_read_is_there_in_welsh_too(self) -> None:
        for part in ("task", "item", "why", "when", "counted"):
            assert _leaves(catalogue("cy")[part]).keys() >= _leaves(catalogue()[part]).keys()

    def test_a_sentence_has_the_same_gaps_in_both_languages(self) -> None:
        english = _leaves(catalogue())
        for path, sentence in _leaves(catalogue("cy")).items():
            if path in english:
                assert (
                    set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", english[path]))
                    or path[0] == "counted"
                )

    def test_titles_bring_their_language_along(self) -> None:
        welsh = titles_of(definition(), "cy")
        assert task_words("research", "triage", welsh).title == "Brysbennu'r cais"
        assert task_words("onboarding", "step:contacts", welsh).title == (
            "Enwi eich prif gyswllt a'ch cysylltiadau"
        )
        assert item_title("research", "3", welsh) == "Cais ymchwil 3"
        assert item_title("review", "three-month", welsh) == "Adolygiad tri mis"
        assert why_sentence("lead", "Caerdydd", "cy") == "Chi yw'r prif gyswllt ar gyfer Caerdydd."

    def test_what_has_no_welsh_reads_in_english(self) -> None:
        assert entry("reason", language="cy") == entry("reason")


def _leaves(of: Mapping[str, Any], *path: str) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for key, value in of.items():
        if isinstance(value, str):
            found[*path, key] = value
        else:
            found |= _leaves(value, *path, key)
    return found
