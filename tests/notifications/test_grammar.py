"""What Welsh does to words in a sentence."""

import pytest

from notifications.words import counted, lower_first, on_day, soft
from programmes.vocabulary import Language


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "dim camau gweithredu"),
        (1, "un cam gweithredu"),
        (2, "dau gam gweithredu"),
        (3, "tri cham gweithredu"),
        (4, "4 cam gweithredu"),
        (6, "chwe cham gweithredu"),
        (11, "11 cam gweithredu"),
    ],
)
def test_a_welsh_noun_has_six_forms_after_a_number(number: int, said: str) -> None:
    assert counted(number, "action", "cy") == said


def test_an_english_noun_has_two() -> None:
    assert [counted(n, "action", "en") for n in (1, 2)] == ["one action", "2 actions"]


def test_our_own_titles_soften_and_those_of_an_office_do_not() -> None:
    assert soft("Cais ymchwil 3", "cy") == "gais ymchwil 3"
    assert soft("Cylch cynghori 2", "cy") == "gylch cynghori 2"
    assert soft("Three-month review", "cy") == "three-month review"


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("cy", "dydd Mawrth 5 Ionawr 2027", "ddydd Mawrth 5 Ionawr 2027"),
        ("en", "Tuesday 5 January 2027", "Tuesday 5 January 2027"),
        ("cy", "", ""),
    ],
)
def test_a_day_on_which_something_happens(language: Language, text: str, said: str) -> None:
    assert on_day(text, language) == said


def test_an_acronym_keeps_its_capital() -> None:
    assert lower_first("IGN review", "cy") == "IGN review"
    assert lower_first("Adolygiad terfynol", "cy") == "adolygiad terfynol"
    assert lower_first("", "cy") == ""
