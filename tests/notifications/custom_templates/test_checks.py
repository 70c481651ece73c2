"""What an office's templates may not do, and the faults that their authors see."""

import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from notifications.content.scene import Words
from notifications.custom_templates.check import LIMITS, check
from notifications.custom_templates.draft import Draft, Fault
from notifications.custom_templates.samples import edges, sample
from notifications.custom_templates.sandbox import render_part
from notifications.kinds import KINDS

NEW = KINDS["research.new"]
NOTES = KINDS["advice.notes"]


def most_memory() -> float:
    """The most megabytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def faults(text: str = "", html: str = "", subject: str = "") -> tuple[Fault, ...]:
    return check(NEW, "en", Draft(subject, text, html))


class TestWhatIsSaid:
    def test_a_misspelt_name_is_told_with_its_line_the_near_one_and_all_others(self) -> None:
        [found] = faults("Hello\n{{ link }}\n{{ membr }}")
        assert (found.part, found.line) == ("text", 3)
        assert "'membr'" in found.what
        assert "Did you mean 'member'?" in found.fix
        assert "by, item, link, member, office, programme" in found.fix

    def test_every_fault_is_listed_at_once(self) -> None:
        found = faults("{{ link }}{{ a }}\n{{ b }}", "<p>{{ c }}{{ link }}</p>", "{{ d }}")
        assert [(one.part, one.line) for one in found] == [
            ("html", 1),
            ("subject", 1),
            ("text", 1),
            ("text", 2),
        ]

    @pytest.mark.parametrize(
        ("text", "line", "said"),
        [
            ("a\n{% for x in %}", 2, "Jinja cannot read"),
            ("{{ link }}\n{% if theme %}", 2, "Jinja cannot read"),
            ("{{ link }}\n\n{{ words.body }}", 3, "lack a value"),
            ("{{ link }}{{ words.author }}", 1, "has a 'author'"),
            ("{{ link }}\n{{ to | shout }}", 2, "no filter 'shout'"),
            ("Nothing to click", 0, "link is missing"),
            ("{% if theme %}{{ link }}{% endif %}", 0, "would be empty"),
            ("{{ link }}{% include 'other.txt' %}", 1, "no such template"),
            ("x" * (LIMITS["text"] + 1), 0, "too long"),
        ],
    )
    def test_each_mistake_has_its_line_and_its_words(self, text: str, line: int, said: str) -> None:
        found = [one for one in faults(text) if said in one.what]
        assert [one.line for one in found] == [line]
        assert found[0].fix

    def test_an_empty_draft_is_a_fault(self) -> None:
        assert len(faults()) == 1


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "text",
        [
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{{ link.__class__ }}",
            "{{ self._TemplateReference__context }}",
            "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
            "{{ range(999999999) }}",
            "{{ link * 99999999 }}",
            "{{ 9 ** 9 ** 9 }}",
            "{{ link ~ link }}",
            "{{ to.format(to) }}",
            "{% set a = link %}",
            "{% set a %}x{% endset %}",
            "{% with a = link %}{% endwith %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% for a in words %}{% for b in words %}x{% endfor %}{% endfor %}",
            "{% for a in to recursive %}{{ loop(a) }}{% endfor %}",
            "{% for letter in todo %}x{% endfor %}",
            "{% for a in 'x' | indent(9) %}{% endfor %}",
            "{{ to | indent(999999999) }}",
            "{{ to | safe }}",
            "{{ to | attr('x') }}",
            "{{ to | map('upper') }}",
            "{% include to %}",
            "{% include '../words.toml' %}",
            "{% extends '/etc/passwd' %}",
            "{% import to as x %}{{ x.quote() }}",
            "{% filter upper %}x{% endfilter %}",
            "{% autoescape false %}{{ to }}{% endautoescape %}",
            "{{ [1, 2] }}",
            "{{ {} }}",
            "{{ dict }}",
            "{{ lipsum() }}",
            "{{ namespace() }}",
            "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
            "{{ to | indent(width=300000000, first=true) }}",
            "{{ to | indent(400000000 or 1, true) }}",
            "{{ to | indent(4, true) }}",
            "{{ to | indent(true) }}",
            "{{ to | indent(-4) }}",
            "{{ to | indent(to) }}",
            "{{ to | indent('" + "x" * 15_000 + "') }}",
            "{{ to" + " | indent(40)" * 1_400 + " }}",
            "{{ to" + " | escape | on_day" * 1_000 + " }}",
            "{{ to" + "|trim" * 3_900 + " }}",
            "{{ to | join('" + "x" * 15_000 + "') }}",
            "{{ to | join('x') }}",
            "{{ to | join(to) }}",
            "{{ to | default(default_value='x') }}",
            "{{ to" + " or to" * 3_000 + " }}",
            "{{ " + "not " * 4_000 + "to }}",
            "{% if to %}" * 200 + "{% endif %}" * 200,
            '{% import "parts/quote.txt" as p %}{{ p.quote(p.quote(to, words), words) }}',
            '{% import "parts/quote.txt" as p %}{{ p.quote(*to) }}',
            '{% import "parts/quote.txt" as p %}{{ p.quote(heading=to, words=words) }}',
            '{% for a in words %}{% include "parts/ask.txt" %}{% endfor %}',
        ],
        ids=lambda text: text[:40],
    )
    def test_it_reaches_nothing_but_its_context_and_takes_no_time(self, text: str) -> None:
        began, most = time.process_time(), most_memory()
        assert faults(text + "{{ link }}")
        assert faults("", f"<p>{text}{{{{ link }}}}</p>")
        assert time.process_time() - began < 10
        assert most_memory() - most < 100

    @pytest.mark.parametrize(
        "text",
        [
            "{{ checks | join(checks | join(checks | join(checks | join('xxxxxxxx')))) }}",
            "{{ checks | join('" + "x" * 41 + "') }}",
            "{{ checks | join(attribute='x') }}",
            "{{ checks | join(', ', 'x') }}",
            '{% for a in checks %}{% include "parts/checks.txt" %}{% endfor %}',
        ],
    )
    def test_a_list_is_joined_with_a_short_text_and_once(self, text: str) -> None:
        assert check(KINDS["review.opened"], "en", Draft(text=text + "{{ link }}"))

    @pytest.mark.parametrize(
        ("html", "said"),
        [
            ("<script>alert(1)</script>", "<script>"),
            ("<style>p{}</style>", "<style>"),
            ("<iframe src='https://x'></iframe>", "<iframe>"),
            ("<form></form>", "<form>"),
            ("<h1>x</h1>", "<h1>"),
            ("<!doctype html>", "doctype"),
            ("<p onclick='x'>x</p>", "onclick"),
            ("<a href='javascript:alert(1)'>x</a>", "not a link"),
            ("<a href=' JAVASCRIPT:alert(1)'>x</a>", "not a link"),
            ("<a href='data:text/html,x'>x</a>", "not a link"),
            ("{% if words %}<a href='{{ words.link }}'>x</a>{% endif %}", "not a link"),
            ("<img src='https://x'>", "cannot see it"),
            ("<h3>x</h3>", "skips a level"),
            ("<h2>x</h2><h4>x</h4>", "skips a level"),
            ("<p>x", "not closed"),
            ("<!-- a note -->", "comment is not closed"),
            ("<a <b>x</b>", "is not closed"),
            ("<p class='>x</p>", "quotation mark"),
            ("x</div>", "closes nothing"),
            ("<ul><li>x</ul></li>", "not closed"),
        ],
    )
    def test_harmful_or_inaccessible_html_is_a_fault(self, html: str, said: str) -> None:
        found = faults("", html + "<p>{{ link }}</p>")
        assert any(said in one.what for one in found), found

    def test_a_fault_in_html_has_its_line_whatever_jinja_stands_above(self) -> None:
        html = "{% if theme\n %}\n<p>{{\n theme }}</p>{% endif %}\n<p>{{ link }}</p>\n<h1>x</h1>"
        [found] = faults("", html)
        assert found.line == html.count("\n") + 1

    @pytest.mark.parametrize(
        "html",
        [
            "{%" * 24_000,
            "{{" * 24_000,
            "{% raw %}" + "{#" * 20_000 + "{% endraw %}",
            "<!--" * 12_000,
            "<a " * 16_000,
            "<a b='" * 8_000,
            "<" * 49_000,
            "</" * 24_000,
            "<![CDATA[" * 5_000,
            "<p>" * 12_000,
            "<p " + "a=b " * 12_000 + ">",
        ],
        ids=lambda html: html[:8],
    )
    def test_no_markup_keeps_the_check_busy(self, html: str) -> None:
        began = time.process_time()
        assert faults("", html)
        assert time.process_time() - began < 10


class TestWhatIsRendered:
    """Whatever got past the check, or was stored before it knew better."""

    @pytest.mark.parametrize(
        "text",
        [
            "{{ words.body | indent(40) }}",
            "{{ words.body | indent(10 ** 9) }}",
            "{{ words.body | indent(width=10 ** 9, first=true) }}",
            "{{ words.body | join('x' * 40) }}",
            "{{ checks | join(checks | join(checks | join(checks | join('xxxxxxxx')))) }}",
            "{{ words.body" + " | escape | on_day" * 50 + " }}",
            "{% for a in checks %}" + "{{ words.body | upper | first }}" * 30 + "{% endfor %}",
            "{% for a in checks %}{% for b in checks %}{{ a }}{% endfor %}{% endfor %}",
        ],
        ids=lambda text: text[:40],
    )
    def test_a_template_that_produces_too_much_is_stopped(self, text: str) -> None:
        values = {
            "words": Words("&\n" * 10_000, "", ""),
            "checks": [f"What has moved on goal no. {n}" for n in range(500)],
        }
        began, most = time.process_time(), most_memory()
        with pytest.raises((TemplateError, TypeError)):
            render_part(text, "en", values, html=False)
        assert time.process_time() - began < 10
        assert most_memory() - most < 100

    def test_ordinary_filters_do_what_jinjas_do(self) -> None:
        values = {"words": Words("one\n\ntwo\nthree", "", ""), "checks": ("a", "<b>")}
        text = "{{ words.body | indent }}|{{ words.body | indent(2) }}|{{ checks | join(', ') }}"
        rendered = render_part(text, "en", values, html=False)
        assert rendered == "one\n\n    two\n    three|one\n\n  two\n  three|a, <b>"
        assert "&lt;b&gt;" in render_part("{{ checks | join }}", "en", values, html=True)


class TestWhatIsTaken:
    def test_lists_parts_and_the_layout_can_be_used(self) -> None:
        html = (
            '{% extends "layout.html" %}{% import "parts/quote.html" as parts %}'
            "{% block act %}Open{% endblock %}{% block body %}<h2>Notes</h2>"
            '{{ parts.quote("Notes:", words) }}'
            "{% for one in actions %}<p>{{ loop.index }}. {{ one.title | upper }}</p>{% endfor %}"
            '{% include "parts/actions.html" %}{% endblock %}'
        )
        assert check(NOTES, "cy", Draft(html=html)) == ()

    @settings(max_examples=150, deadline=None)
    @given(st.text(st.sampled_from("{}%|'\"<>/ \n.()~*abcdelinkforifin"), max_size=60))
    def test_any_draft_is_checked_quickly(self, text: str) -> None:
        began = time.process_time()
        check(NEW, "en", Draft(text, text, text))
        assert time.process_time() - began < 10

    @settings(max_examples=100, deadline=None)
    @given(st.text(st.sampled_from("{}%|link to by.words"), max_size=40))
    def test_a_valid_draft_renders_for_every_sample(self, text: str) -> None:
        draft = Draft(text=text + " {{ link }}")
        if check(NEW, "en", draft):
            return
        for context in (sample(NEW, "en"), *edges(NEW, "en")):
            try:
                assert render_part(draft.text, "en", vars(context), html=False)
            except TemplateError:
                pytest.fail(f"{text!r} passed the check")
