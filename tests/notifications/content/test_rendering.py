"""Every kind of email renders from whatever its context holds, in both languages, whole in both of
its parts.

A test goes through all kinds and languages itself, and names each one that fails. As tests of their
own these were 1,344, and most of their time went into collecting and drawing.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from jinja2 import UndefinedError, meta

from notifications.content.rendering import (
    PARTS,
    TEMPLATES,
    Rendered,
    environments,
    put_together,
    render,
    render_values,
    side_of,
)
from notifications.kinds import KINDS
from notifications.words import languages_of
from programmes.vocabulary import LANGUAGES, Language
from tests.notifications.contexts import BY, DRAWN, LINK, Drawn, marked, marks

EACH = [(kind, language) for kind in KINDS.values() for language in LANGUAGES]
"""Every kind in every language."""


@cache
def of_marks(kind: str, language: Language) -> Rendered:
    """An email in which each text is a mark of its own."""
    return render_values(kind, marked(KINDS[kind]), language)


@contextmanager
def naming(*what: str) -> Iterator[None]:
    """Says of an error which email it is about."""
    try:
        yield
    except Exception as error:
        error.add_note("in " + ", ".join(what))
        raise


def elements(html: str) -> set[str]:
    """The names of all elements, as a reader of HTML finds them."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)

    Reader().feed(html)
    return found


class TestEveryKind:
    @settings(max_examples=24, deadline=None)
    @given(drawn=DRAWN)
    def test_whatever_a_context_holds_the_email_is_whole(self, drawn: Drawn) -> None:
        """It renders the same after a trip through JSON; its subject is one line; both of its parts
        have the link and the date."""
        for kind, language in EACH:
            with naming(kind.name, language):
                context = drawn.context(kind)
                rendered = render(kind.name, context, language)
                travelled = json.loads(json.dumps(asdict(context)))
                assert render_values(kind.name, travelled, language) == rendered
                assert rendered.subject.strip()
                assert len(rendered.subject.splitlines()) == 1
                for part in (rendered.text, rendered.html):
                    assert LINK in part
                    assert BY in part or not kind.asks

    def test_the_text_part_says_all_that_the_html_part_says(
        self, subtests: pytest.Subtests
    ) -> None:
        for kind, language in EACH:
            with subtests.test(kind=kind.name, language=language):
                rendered = of_marks(kind.name, language)
                shown = {mark for mark in marks(marked(kind)) if mark in unescape(rendered.html)}
                assert {mark for mark in shown if mark not in rendered.text} == set()
                assert {"[.to]", "[.why]", "[.office]"} <= shown

    def test_nothing_in_a_context_goes_unsaid(self, subtests: pytest.Subtests) -> None:
        """What a builder reads from the database and no template uses is a mistake."""
        common = {"[.item]", "[.member]", "[.programme]", "[.reply_to]"}
        optional = {"[.todos.owner]", "[.actions.todo]", "[.owner]", "[.about]"}
        for kind, language in EACH:
            with subtests.test(kind=kind.name, language=language):
                context = marked(kind)
                rendered = of_marks(kind.name, language)
                everything = rendered.subject + rendered.text
                if "yours" in context:
                    everything += render_values(
                        kind.name, context | {"yours": False}, language
                    ).text
                unsaid = {mark for mark in marks(context) if mark not in everything}
                assert unsaid <= common | optional

    def test_what_people_wrote_cannot_become_markup(self, subtests: pytest.Subtests) -> None:
        evil = "<script>alert(1)</script>"
        for kind, language in EACH:
            with subtests.test(kind=kind.name, language=language):
                context = json.loads(json.dumps(marked(kind)).replace("[.", f"{evil}[."))
                html = render_values(kind.name, context, language).html
                assert "script" not in elements(html)

    def test_a_name_that_is_missing_is_an_error_not_a_gap(self, subtests: pytest.Subtests) -> None:
        for kind, language in EACH:
            with subtests.test(kind=kind.name, language=language):
                context = marked(kind)
                del context["to"]
                with pytest.raises(UndefinedError):
                    render_values(kind.name, context, language)

    def test_no_line_of_the_text_part_is_left_with_spaces_or_holes(
        self, subtests: pytest.Subtests
    ) -> None:
        for kind, language in EACH:
            with subtests.test(kind=kind.name, language=language):
                text = of_marks(kind.name, language).text
                assert "\n\n\n" not in text
                assert all(line == line.rstrip() for line in text.splitlines())


@cache
def asked_for(path: Path, language: Language) -> tuple[set[str], set[str]]:
    """What a template asks its context for, and the templates that it includes."""
    tree = environments(language)[1].parse(path.read_text("utf-8"))
    included = {one for one in meta.find_referenced_templates(tree) if one}
    return meta.find_undeclared_variables(tree), included


def variables(kind: str, language: Language, part: str) -> set[str]:
    """What a template asks its context for, with everything that it includes."""
    names: set[str] = set()
    todo, done = {f"{kind}/{part}"}, set[str]()
    while todo:
        name = todo.pop()
        done.add(name)
        folder, _, file = name.rpartition("/")
        places = [TEMPLATES / folder / language / file, TEMPLATES / folder / file]
        asked, included = asked_for(next(path for path in places if path.exists()), language)
        names |= asked
        todo |= included - done
    return names


class TestBothLanguages:
    def test_welsh_and_english_speak_of_the_same_things(self, subtests: pytest.Subtests) -> None:
        for kind in KINDS:
            for part in PARTS:
                with subtests.test(kind=kind, part=part):
                    assert variables(kind, "cy", part) == variables(kind, "en", part)

    def test_welsh_and_english_show_the_same_marks(self, subtests: pytest.Subtests) -> None:
        for kind in KINDS.values():
            with subtests.test(kind=kind.name):
                shown = []
                for language in LANGUAGES:
                    rendered = of_marks(kind.name, language)
                    both = rendered.subject + rendered.text
                    shown.append(
                        {
                            mark
                            for mark in marks(marked(kind))
                            if mark in both or mark.lower() in both
                        }
                    )
                assert shown[0] == shown[1]

    def test_welsh_is_not_english(self, subtests: pytest.Subtests) -> None:
        for kind in KINDS:
            with subtests.test(kind=kind):
                welsh, english = (of_marks(kind, one).text.splitlines() for one in ("cy", "en"))
                same = set(welsh) & set(english)
                assert same <= {line for line in english if "[." in line or not line}

    def test_both_in_one_email_have_welsh_first_each_in_its_own_language(
        self, subtests: pytest.Subtests
    ) -> None:
        for kind in KINDS.values():
            with subtests.test(kind=kind.name):
                values = marked(kind)
                sides = [side_of(kind.name, values, one) for one in languages_of("both")]
                both = put_together(sides)
                assert both.subject == " / ".join(dict.fromkeys(side.subject for side in sides))
                assert both.text.index("CYMRAEG") < both.text.index("ENGLISH")
                assert all(side.text.strip() in both.text for side in sides)
                assert '<html lang="cy">' in both.html
                assert both.html.count("<h1") == 1
                welsh, english = '<section lang="cy">', '<section lang="en-GB">'
                assert both.html.index(welsh) < both.html.index(english)
                assert len(both.subject.splitlines()) == 1

    def test_a_part_without_welsh_has_no_words_of_its_own(self) -> None:
        for path in (TEMPLATES / "parts").glob("*.*"):
            if (path.parent / "cy" / path.name).exists():
                continue
            bare = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert re.findall("[A-Za-z]{2,}", bare) == []


class TestTheTemplatesFolder:
    def test_each_kind_has_its_three_files_in_each_language_and_nothing_else_is_there(self) -> None:
        folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
        assert folders == set(KINDS) | {"parts", "chase", "cy", "digest.manager", "digest.member"}
        for kind in KINDS:
            found = {path.name for path in (TEMPLATES / kind).iterdir()}
            assert found == {*PARTS, "cy"}
            assert {path.name for path in (TEMPLATES / kind / "cy").iterdir()} == set(PARTS)

    def test_the_html_says_its_language_and_title_for_screen_readers(self) -> None:
        html = render_values("research.received", marked(KINDS["research.received"])).html
        assert '<html lang="en-GB">' in html
        assert "<title>" in html

    def test_styles_are_on_the_elements_since_many_clients_drop_the_head(self) -> None:
        html = render_values("research.received", marked(KINDS["research.received"])).html
        assert '<p style="' in html

    def test_the_english_is_british_and_plain(self, subtests: pytest.Subtests) -> None:
        foreign = ("organiz", "program ", "color")
        stiff = ("kindly", "please note", "utilise", "deadline")
        for path in TEMPLATES.rglob("*.txt"):
            if path.parent.name == "cy":
                continue
            with subtests.test(path=str(path.relative_to(TEMPLATES))):
                text = path.read_text("utf-8").lower()
                assert [word for word in foreign + stiff if word in text] == []
