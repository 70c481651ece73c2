"""Texts of a definition are in one language or in both."""

import pickle

import pytest

from programmes.fields import Spoken, spoken
from programmes.loader import DefinitionErrors, load_definition
from tests.programmes.small import changed


def test_a_plain_text_serves_both_languages() -> None:
    assert spoken("Sign it", "cy") == spoken("Sign it", "en") == "Sign it"


def test_each_language_has_its_own_text() -> None:
    both = Spoken("Sign it", "Llofnodi")
    assert (spoken(both, "en"), spoken(both, "cy")) == ("Sign it", "Llofnodi")
    assert both == "Sign it"
    assert type(spoken(both, "en")) is str


def test_it_survives_pickling() -> None:
    assert spoken(pickle.loads(pickle.dumps(Spoken("a", "b"))), "cy") == "b"


def test_a_definition_may_carry_welsh_beside_english() -> None:
    text = changed(("text: Sign it.", "text: {en: Sign it., cy: Llofnodwch ef.}"))
    step = load_definition(text, "x").onboarding.steps[0]
    assert spoken(step.text, "cy") == "Llofnodwch ef."
    assert step.text == "Sign it."


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{en: Sign it.}", "'cy' is missing"),
        ("{cy: Llofnodwch ef.}", "'en' is missing"),
        ("{en: Sign it., cy: Llofnodwch., fr: Signez.}", "'fr' is not known here"),
        ("{en: Sign it., cy: ''}", "this is empty"),
        ("{en: Sign it., cy: [a]}", "this is not text"),
    ],
)
def test_a_text_in_both_languages_has_exactly_these_two(written: str, said: str) -> None:
    text = changed(("text: Sign it.", f"text: {written}"))
    with pytest.raises(DefinitionErrors) as caught:
        load_definition(text, "x")
    [problem] = caught.value.flaws
    assert problem.what == said
    assert text.splitlines()[problem.line - 1].lstrip().startswith("text:")
