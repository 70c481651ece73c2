"""Every kind of email renders from whatever its context holds, in both languages, whole in both of
its parts."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError, meta

from notifications.content.context import Ask, Letter
from notifications.content.rendering import (
    PARTS,
    TEMPLATES,
    environments,
    put_together,
    render,
    render_values,
    side_of,
)
from notifications.kinds import KINDS, Kind
from notifications.languages import LANGUAGES, Language, languages_of

LINK = "https://office.example.org/go/engagements/eng_1/items/itm_1#step:plan"
BY = "Tuesday 5 January 2027"

words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n<>&\"'{}%"),
    max_size=30,
)
st.register_type_strategy(str, words)

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
every_language = pytest.mark.parametrize("language", LANGUAGES)
few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def contexts(kind: Kind) -> st.SearchStrategy[Letter]:
    """Contexts of that kind with anything in them, but for a real link and a real date."""
    fixed: dict[str, Any] = {"link": st.just(LINK)}
    if issubclass(kind.context, Ask):
        fixed["by"] = st.just(BY)
    return st.builds(kind.context, **fixed)


def marked(kind: Kind) -> dict[str, Any]:
    """A context in which each text is a mark of its own, and each list has one entry."""

    def value(name: str, hint: Any) -> Any:
        if hint is str:
            return f"[{name}]"
        if hint in (bool, int):
            return hint(1)
        parts = [part for part in get_args(hint) if part not in (type(None), Ellipsis)]
        inner = parts[0] if parts else hint
        one = value(name, inner) if inner is str else _nested(name, inner)
        return [one] if str(hint).startswith("tuple") else one

    def _nested(name: str, of: type) -> dict[str, Any]:
        hints = get_type_hints(of)
        return {
            field.name: value(f"{name}.{field.name}", hints[field.name]) for field in fields(of)
        }

    return _nested("", kind.context)


def marks(values: Mapping[str, Any]) -> set[str]:
    """All marks in a context."""
    return {part for part in json.dumps(values).split('"') if part.startswith("[")}


def elements(html: str) -> set[str]:
    """The names of all elements, as a reader of HTML finds them."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)

    Reader().feed(html)
    return found


class TestEveryKind:
    @every_language
    @every_kind
    @few
    @given(data=st.data())
    def test_a_context_that_went_through_json_renders_the_same(
        self, kind: Kind, language: Language, data: st.DataObject
    ) -> None:
        context = data.draw(contexts(kind))
        travelled = json.loads(json.dumps(asdict(context)))
        assert render_values(kind.name, travelled, language) == render(kind.name, context, language)

    @every_language
    @every_kind
    @few
    @given(data=st.data())
    def test_the_subject_is_one_line_and_both_parts_have_link_and_date(
        self, kind: Kind, language: Language, data: st.DataObject
    ) -> None:
        rendered = render(kind.name, data.draw(contexts(kind)), language)
        assert rendered.subject.strip()
        assert len(rendered.subject.splitlines()) == 1
        assert LINK in rendered.text
        assert LINK in rendered.html
        if kind.asks:
            assert BY in rendered.text
            assert BY in rendered.html

    @every_language
    @every_kind
    def test_the_text_part_says_all_that_the_html_part_says(
        self, kind: Kind, language: Language
    ) -> None:
        context = marked(kind)
        rendered = render_values(kind.name, context, language)
        shown = {mark for mark in marks(context) if mark in unescape(rendered.html)}
        assert {mark for mark in shown if mark not in rendered.text} == set()
        assert {"[.to]", "[.why]", "[.office]"} <= shown

    @every_language
    @every_kind
    def test_nothing_in_a_context_goes_unsaid(self, kind: Kind, language: Language) -> None:
        """What a builder reads from the database and no template uses is a mistake."""
        context = marked(kind)
        text = (
            render_values(kind.name, context | {"yours": False}, language).text
            if "yours" in context
            else ""
        )
        rendered = render_values(kind.name, context, language)
        everything = rendered.subject + rendered.text + text
        common = {"[.item]", "[.member]", "[.programme]", "[.reply_to]"}
        optional = {"[.todos.owner]", "[.actions.todo]", "[.owner]", "[.about]"}
        unsaid = {mark for mark in marks(context) if mark not in everything}
        assert unsaid <= common | optional

    @every_language
    @every_kind
    def test_what_people_wrote_cannot_become_markup(self, kind: Kind, language: Language) -> None:
        evil = "<script>alert(1)</script>"
        context = json.loads(json.dumps(marked(kind)).replace("[.", f"{evil}[."))
        assert "script" not in elements(render_values(kind.name, context, language).html)

    @every_language
    @every_kind
    def test_a_name_that_is_missing_is_an_error_not_a_gap(
        self, kind: Kind, language: Language
    ) -> None:
        context = marked(kind)
        del context["to"]
        with pytest.raises(UndefinedError):
            render_values(kind.name, context, language)

    @every_language
    @every_kind
    def test_no_line_of_the_text_part_is_left_with_spaces_or_holes(
        self, kind: Kind, language: Language
    ) -> None:
        text = render_values(kind.name, marked(kind), language).text
        assert "\n\n\n" not in text
        assert all(line == line.rstrip() for line in text.splitlines())


def variables(kind: str, language: Language, part: str) -> set[str]:
    """What a template asks its context for, with everything that it includes."""
    names: set[str] = set()
    todo, done = [f"{kind}/{part}"], set[str]()
    parser = environments(language)[1]
    while todo:
        name = todo.pop()
        done.add(name)
        folder, _, file = name.rpartition("/")
        places = [TEMPLATES / folder / file, TEMPLATES / folder / language / file]
        tree = parser.parse(next(path for path in reversed(places) if path.exists()).read_text())
        names |= meta.find_undeclared_variables(tree)
        todo += [one for one in meta.find_referenced_templates(tree) if one and one not in done]
    return names


class TestBothLanguages:
    @every_kind
    @pytest.mark.parametrize("part", PARTS)
    def test_welsh_and_english_speak_of_the_same_things(self, kind: Kind, part: str) -> None:
        assert variables(kind.name, "cy", part) == variables(kind.name, "en", part)

    @every_kind
    def test_welsh_and_english_show_the_same_marks(self, kind: Kind) -> None:
        context = marked(kind)
        shown = []
        for language in LANGUAGES:
            rendered = render_values(kind.name, context, language)
            both = rendered.subject + rendered.text
            shown.append({mark for mark in marks(context) if mark in both or mark.lower() in both})
        assert shown[0] == shown[1]

    @every_kind
    def test_welsh_is_not_english(self, kind: Kind) -> None:
        welsh, english = (render_values(kind.name, marked(kind), one).text for one in ("cy", "en"))
        assert set(welsh.splitlines()) & set(english.splitlines()) <= {
            line for line in english.splitlines() if "[." in line or not line
        }

    @every_kind
    def test_both_in_one_email_have_welsh_first_each_in_its_own_language(self, kind: Kind) -> None:
        values = marked(kind)
        sides = [side_of(kind.name, values, language) for language in languages_of("both")]
        both = put_together(sides)
        assert both.subject == " / ".join(dict.fromkeys(side.subject for side in sides))
        assert both.text.index("CYMRAEG") < both.text.index("ENGLISH")
        assert all(side.text.strip() in both.text for side in sides)
        assert '<html lang="cy">' in both.html
        assert both.html.count("<h1") == 1
        assert both.html.index('<section lang="cy">') < both.html.index('<section lang="en-GB">')
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

    @pytest.mark.parametrize(
        "path",
        sorted(path for path in TEMPLATES.rglob("*.txt") if path.parent.name != "cy"),
        ids=lambda path: path.parent.name,
    )
    def test_the_english_is_british_and_plain(self, path: Path) -> None:
        text = path.read_text("utf-8").lower()
        for word in (
            "organiz",
            "program ",
            "color",
            "kindly",
            "please note",
            "utilise",
            "deadline",
        ):
            assert word not in text
