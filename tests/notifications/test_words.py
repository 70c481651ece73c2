"""The titles of tasks and items, and the two catalogues."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from notifications.content.rendering import TEMPLATES
from notifications.words import (
    LOCALES,
    Titles,
    catalogue,
    entry,
    item_title,
    readable,
    task_words,
    titles_of,
    why_sentence,
)
from programmes.rules import ResearchRules
from programmes.vocabulary import LANGUAGES, Language
from tests.notifications.office import definition

TITLES = titles_of(definition())

READ_BY_MEMBERS = frozenset(
    {
        *("task", "item", "why", "when", "fact", "kind", "digest", "notification", "reason"),
        *("health", "people", "calendar"),
    }
)
"""The parts of the catalogue that reach a member, or a reader of Welsh summaries."""

MUTATES = re.compile(
    r"(?i)\b(?:a|â|am|ar|at|dan|dros|drwy|gan|gyda|heb|hyd|i|o|wrth|yn|ei|dy|fy|dau|dwy)\s+"
    r"\{+\s*(?:actor|member|recipient|owner|researcher|who|to|name|manager|adviser|sender|programme|office)\b"
)
"""A word before a name that would mutate the name."""


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


def test_every_role_has_a_reason() -> None:
    assert why_sentence("lead", "Cardiff") == "You are the lead contact for Cardiff."
    assert why_sentence("auditor", "Cardiff") == "You work with Cardiff."


def test_a_programme_without_a_definition_still_has_readable_words() -> None:
    bare = Titles(programme="x")
    assert bare.step("welcome-call") == "Welcome call"
    assert bare.check("r", "plan_progress") == "Plan progress"
    assert readable("") == ""


class TestWelsh:
    @pytest.mark.parametrize("part", sorted(READ_BY_MEMBERS))
    def test_only_and_all_of_what_members_read_is_in_welsh(self, part: str) -> None:
        english, welsh = _leaves(catalogue()[part]), _leaves(catalogue("cy")[part])
        assert [path for path in english if not welsh.get(path)] == []
        assert [path for path in welsh if path not in english] == []

    def test_each_part_is_in_welsh_or_known_to_be_for_the_office(self) -> None:
        office = {"explain", "template", "language"}
        assert set(catalogue()) == READ_BY_MEMBERS | office | {"counted"}
        assert set(catalogue("cy")) == READ_BY_MEMBERS | {"counted", "soft", "template"}

    def test_samples_of_the_templates_are_in_welsh_too(self) -> None:
        english, welsh = (catalogue(one)["template"]["sample"] for one in LANGUAGES)
        assert welsh.keys() == english.keys()

    def test_no_sentence_is_the_same_in_both(self) -> None:
        english = _leaves(catalogue())
        same = {
            sentence
            for path, sentence in _leaves(catalogue("cy")).items()
            if sentence == english.get(path) and len(re.findall(r"[^\W\d_]{2,}", sentence)) > 3
        }
        assert [one for one in same if not one.startswith("https://")] == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_what_is_counted_has_every_form_that_the_language_asks_for(
        self, language: Language
    ) -> None:
        asked = Locale.parse(LOCALES[language]).plural_form.tags | {"other"}
        assert len(asked) == {"en": 2, "cy": 6}[language]
        things = catalogue(language)["counted"]
        assert things.keys() == catalogue()["counted"].keys()
        for thing in things.values():
            assert thing.keys() == asked
            # A form for one number may say it in words; the one for all others says the number.
            assert "{number}" in thing["other"]

    def test_what_is_filled_in_never_stands_where_welsh_would_change_its_first_letter(self) -> None:
        found = [
            sentence for sentence in _leaves(catalogue("cy")).values() if MUTATES.search(sentence)
        ]
        found += [
            f"{path.parent.parent.name}: {line}"
            for path in TEMPLATES.rglob("cy/*.*")
            for line in path.read_text("utf-8").splitlines()
            if MUTATES.search(line)
        ]
        assert found == []

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
        assert entry("explain", language="cy") == entry("explain")


def _leaves(of: Mapping[str, Any], *path: str) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for key, value in of.items():
        if isinstance(value, str):
            found[*path, key] = value
        else:
            found |= _leaves(value, *path, key)
    return found
