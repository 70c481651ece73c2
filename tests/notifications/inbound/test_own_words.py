"""Quotations and signatures are cut, and the sender's own text stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.inbound.own_words import LONGEST, answer_in, clean

GMAIL = """Yes, Tuesday suits us.

On Mon, 11 Jan 2027 at 09:02, Inclusive Growth Network <office@example.org> wrote:

> Hello Lena,
>
> Please choose a date.
"""
BROKEN_ATTRIBUTION = """Yes, Tuesday suits us.

On Mon, 11 Jan 2027 at 09:02, Inclusive Growth Network
<office@example.org> wrote:
> Please choose a date.
"""
WELSH = """Iawn, mae dydd Mawrth yn iawn.

Ar ddydd Llun, 11 Ionawr 2027 am 09:02, ysgrifennodd Inclusive Growth Network:

> Dewiswch ddyddiad.
"""
OUTLOOK = """Yes, Tuesday suits us.

Lena

From: Inclusive Growth Network <office@example.org>
Sent: 11 January 2027 09:02
To: Lena Price <lena@example.org>
Subject: Choose a date

Hello Lena,
"""
OUTLOOK_RULE = """Yes, Tuesday suits us.
________________________________
From: Inclusive Growth Network <office@example.org>
Sent: Monday, 11 January 2027
Hello Lena
"""
ORIGINAL = """Yes, Tuesday suits us.

-----Original Message-----
From: office
"""
OUTLOOK_MOBILE = """Yes, Tuesday suits us.

Get Outlook for iOS<https://aka.ms/o0ukef>
"""
PHONE = "Yes, Tuesday suits us.\n\nSent from my iPhone\n"
MARKED_SIGNATURE = "Yes, Tuesday suits us.\n-- \nLena Price\nCardiff Council\n"


@pytest.mark.parametrize(
    "text",
    [GMAIL, BROKEN_ATTRIBUTION, OUTLOOK_RULE, ORIGINAL, OUTLOOK_MOBILE, PHONE, MARKED_SIGNATURE],
)
def test_what_mail_programs_add_is_left_out(text: str) -> None:
    assert answer_in(text).text == "Yes, Tuesday suits us."
    assert answer_in(text.replace("\n", "\r\n")).text == "Yes, Tuesday suits us."


def test_welsh_mail_programs_too() -> None:
    assert answer_in(WELSH).text == "Iawn, mae dydd Mawrth yn iawn."


def test_a_name_at_the_end_is_part_of_what_was_written() -> None:
    assert answer_in(OUTLOOK).text == "Yes, Tuesday suits us.\n\nLena"


def test_answers_between_quoted_lines_stay() -> None:
    text = """On Mon, 11 Jan 2027 at 09:02, the office wrote:
> Which day?
Tuesday.
> How many people?
Four, and a dog.
"""
    assert answer_in(text).text == "Tuesday.\nFour, and a dog."


@pytest.mark.parametrize(
    "text",
    [
        "Two things:\n- the first\n- the second\n\nThanks\nAnn",
        "From: the bus station, turn left.\nThen go on.",
        "On Tuesday I wrote:\nnothing of note",
        "Best regards from all of us, and one more thing.\nIt is this.",
        "The sum is\n---\n4,000",
        "On reflection, yes.",
    ],
)
def test_what_only_looks_like_a_quotation_or_a_signature_stays(text: str) -> None:
    assert answer_in(text).text == text


def test_an_email_that_is_nothing_but_a_quotation_is_kept_whole() -> None:
    assert answer_in("> Please choose a date.\n").text == "> Please choose a date."


def test_a_very_long_answer_is_cut_and_says_so() -> None:
    answer = answer_in("word " * LONGEST)
    assert answer.cut
    assert len(answer.text) <= LONGEST


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_nothing_unprintable_comes_out(text: str) -> None:
    answer = answer_in(text)
    assert clean(answer.text) == answer.text
    assert "\x00" not in answer.text
    assert answer.text == answer.text.strip()


WORDS = st.text("abcdefghij ,.", min_size=1, max_size=60).filter(str.strip)


@given(own=st.lists(WORDS, min_size=1, max_size=6), quoted=st.lists(WORDS, max_size=6))
def test_every_line_that_was_written_comes_through(own: list[str], quoted: list[str]) -> None:
    attribution = "On 11 January 2027 at 09:02, the office <office@example.org> wrote:"
    text = "\n".join([*own, "", attribution, "", *(f"> {line}" for line in quoted)])
    answer = answer_in(text).text
    assert [line.strip() for line in answer.split("\n") if line.strip()] == [
        line.strip() for line in own
    ]


@pytest.mark.parametrize(
    "text",
    [
        "On " + "a " * 200_000,
        "On 1 a\n" * 60_000,
        "From: a\n" * 60_000,
        ">" * 400_000,
        "_" * 400_000,
        "\n" * 400_000,
        "Sent from my " * 40_000,
    ],
)
def test_no_text_makes_it_slow(text: str) -> None:
    began = time.process_time()
    answer_in(text)
    assert time.process_time() - began < 15
