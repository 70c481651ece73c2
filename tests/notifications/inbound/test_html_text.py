"""The text of an HTML email, without scripts, hidden text or tracking."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.inbound.html_text import text_of
from notifications.inbound.own_words import answer_in


def test_paragraphs_lists_and_entities_read_as_a_person_sees_them() -> None:
    html = (
        "<html><head><title>t</title><style>p { color: red }</style></head><body>"
        "<p>Yes &amp; thank&nbsp;you</p><ul><li>one</li><li>two</li></ul>line<br>break"
        "<script>alert(1)</script><!-- hidden --><img src='https://track.example.org/x'></body>"
    )
    assert text_of(html) == "Yes & thank you\n- one\n- two\nline\nbreak"


def test_what_gmail_quotes_is_a_quotation() -> None:
    html = (
        '<div dir="ltr">Tuesday suits us.</div><br><div class="gmail_quote">'
        '<div class="gmail_attr">On Mon, 11 Jan 2027 at 09:02, Office &lt;o@example.org&gt; wrote:'
        "<br></div><blockquote><p>Please choose</p><div>a date</div></blockquote></div>"
    )
    assert answer_in(text_of(html)).text == "Tuesday suits us."


def test_what_outlook_quotes_is_a_quotation() -> None:
    html = (
        "<p>Tuesday suits us.</p><hr><div><b>From:</b> Office &lt;o@example.org&gt;<br>"
        "<b>Sent:</b> 11 January 2027<br><b>To:</b> Lena<br></div><p>Please choose</p>"
    )
    assert answer_in(text_of(html)).text == "Tuesday suits us."


@given(st.text(max_size=300))
def test_no_html_breaks_it(html: str) -> None:
    text_of(html)
    text_of(f"<div>{html}</p><blockquote>{html}")


@given(st.text("abc<>/'\"=&;#! -", max_size=200))
def test_no_tag_comes_through(html: str) -> None:
    assert "<script" not in text_of(f"<p>{html}</p><script>{html}</script>")


@pytest.mark.parametrize(
    "html",
    ["<div>" * 100_000, "<blockquote>" * 50_000, "<p>a" * 100_000, "<" * 400_000, "&#" * 200_000],
)
def test_no_html_makes_it_slow(html: str) -> None:
    began = time.process_time()
    text_of(html)
    assert time.process_time() - began < 15
