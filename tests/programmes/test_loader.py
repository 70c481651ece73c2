"""A definition is read completely, or refused with every error at its line and column."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programmes.fields import spoken
from programmes.loader import (
    DefinitionErrors,
    built_in_definitions,
    definition_schema,
    load_definition,
)
from programmes.problems import Flaw
from tests.programmes.small import SMALL, changed, errors, flaws, place

EARLY = (
    "this review would open, {opens} before its date, during the onboarding; "
    "open it later, or make it due later"
)


class TestLoadDefinition:
    def test_reads_a_valid_definition(self) -> None:
        assert load_definition(SMALL, "small.yaml").id == "small"

    @pytest.mark.parametrize(
        ("old", "new", "part", "said"),
        [
            ("version: 1", "version: one", "one", "not a whole number; write a number such as 1"),
            ("version: 1", "version: 0", "0", "this number is too small; write 1 or more"),
            ("id: small", "id: Small One", "Small", "use small letters, digits and hyphens"),
            ("host: An office", "hots: An office", "hots", "did you mean 'host'?"),
            ("text: Sign it.", "texxt: Sign it.", "texxt", "did you mean 'text'?"),
            ("text: Sign it.", "text:", "text:", "this is empty; write some text"),
            ("text: Sign it.", "text: [a]", "[a", "this is not text"),
            ("title: Sign", 'title: ""', '""', "this is empty; write some text"),
            ("title: Call", "title: " + "x" * 201, "x", "this text is too long; shorten it"),
            ("  lead: {title: Lead}", "  leed: {title: Lead}", "leed", "did you mean 'lead'?"),
            ("owner: lead", "owner: leader", "leader", "did you mean 'lead'?"),
            ("owner: lead", "owner: funder", "funder", "one of these: lead, manager, adviser"),
            ("[owner], says: reminder", "[owners], says: reminder", "owners", "mean 'owner'?"),
            ("[owner], says: reminder", "[], says: reminder", "[]", "add at least one"),
            ("[owner], says: reminder", "owner, says: reminder", "owner", "this is not a list"),
            ("says: reminder", "says: remind", "remind}", "did you mean 'reminder'?"),
            ("office@example.org", "office", "office", "is not an email address"),
            ("  reply_to:", "  from: us\n  reply_to:", "us", "'us' is not an email address"),
            ("  reply_to:", "  form: us\n  reply_to:", "form", "did you mean 'from'?"),
            ("  reply_to: office@", "  reply_to: o,ffice@", "o,ffice", "is not an email address"),
            ("  reply_to: office@", "  reply_to: büro@", "büro", "is not an email address"),
            ("name: An office", "name: |\n    An office", "|", "without | or >: An office"),
            ("title: Call", "title: >\n        Call\n        them", ">", "or >: Call them"),
            ("title: Sign", 'title: {en: "A\\tb", cy: C}', '"A', "| or >: A b"),
            ("title: Jobs", 'title: "Jobs\\N"', '"Jobs', "write it on one line"),
            ("host: An office", 'host: "An\\Loffice"', '"An', "| or >: An office"),
            ("reason: Closed", 'reason: "Closed\\r\\nBcc: x"', '"Closed', "| or >: Closed Bcc: x"),
            ("kind: uk", "kind: uks", "uks", "did you mean 'uk'?"),
            ("kind: uk", "kind: uk\n  office: Leeds", "Leeds", "one of these: ENG, WLS, SCT, NIR"),
            ("tuesday", "tusday", "tusday", "did you mean 'tuesday'?"),
            ("hours: 09:00-17:00", "hours: 9-5", "9-5", "write it like 09:00-17:00"),
            ("hours: 09:00-17:00", "hours: 17:00-09:00", "17", "write the earlier time first"),
            ("first: 12-24", "first: Christmas", "Christmas", "write 12-24 (every year) or"),
            ("first: 12-24", "first: 02-30", "02-30", "02-30 does not exist"),
            ("first: 12-24", "first: 2026-02-30", "2026", "2026-02-30 does not exist"),
            ("soon: 3wd", "soon: 3 days", "3 days", "'3 days' is not a duration; write 3d"),
            ("soon: 3wd", "soon: 3", "3", "3 has no unit; write 3wd"),
            ("soon: 3wd", "soon: -3wd", "-3wd", "leave out the minus: 3wd"),
            ("due: -3wd", "due: 3wd", "3wd", "write it with a minus, such as -3wd"),
            ("due: -3wd", "due: 0wd", "0wd", "write it with a minus, such as -3wd"),
            ("every: P3M", "every: 0d", "0d", "write a longer time, such as P3M"),
            ("ladders:", "ladder:", "ladder", "did you mean 'ladders'?"),
            ("soon:", "outage: {then: colapse}\nsoon:", "colapse", "did you mean 'collapse'?"),
            ("soon:", "outage: {late_after: 0h}\nsoon:", "0h", "write a longer time, such as"),
            ("soon:", "outage: {late_after: 2}\nsoon:", "2}", "2 has no unit"),
            ("soon:", "outage: {late_afer: 2h}\nsoon:", "late", "did you mean 'late_after'?"),
        ],
    )
    def test_names_the_line_of_an_error_and_its_fix(
        self, old: str, new: str, part: str, said: str
    ) -> None:
        text = changed((old, new))
        found = [one for one in errors(text) if said in one]
        assert len(found) == 1
        assert found[0].startswith(f"small.yaml:{place(text, SMALL.index(old), part)}: ")

    def test_a_stored_title_with_a_line_break_is_put_on_one_line(self) -> None:
        text = changed(
            ("name: An office", "name: |\n    An\n    office"),
            ("title: Sign", 'title: {en: "Sign\\nit", cy: "Arwyddo\\n"}'),
            ("reply_to: office@", "reply_to: büro@"),
        )
        stored = load_definition(text, "x", stored=True)
        assert stored.mail.from_name == "An office"
        title = stored.step("sign").title
        assert (spoken(title, "en"), spoken(title, "cy")) == ("Sign it", "Arwyddo")
        assert stored.step("sign").text == "Sign it."

    def test_a_stored_definition_may_have_a_summary_at_any_hour(self) -> None:
        text = changed(("soon: 3wd", 'digests: {manager: {at: "08:30"}}\nsoon: 3wd'))
        assert errors(text)
        stored = load_definition(text, "x", stored=True)
        assert stored.digests.manager is not None

    @pytest.mark.parametrize(
        ("piece", "name", "owner"),
        [
            ("title: A small programme\n", "title", "id: small"),
            ("      text: Call them.\n", "text", "id: call"),
            ("  draft: {owner: researcher, due: 20wd, ladder: plain}\n", "draft", "research:"),
            ("    plus: P3M\n", "plus", "id: half"),
            ("  kind: uk\n", "kind", "calendar:"),
        ],
    )
    def test_a_missing_field_is_reported_at_its_parent(
        self, piece: str, name: str, owner: str
    ) -> None:
        text = changed((piece, ""))
        (found,) = [one for one in errors(text) if "is missing" in one]
        assert found.startswith(f"small.yaml:{place(text, 0, owner)}: {name!r} is missing; add a")

    def test_reports_all_errors_at_once_in_file_order(self) -> None:
        text = changed(
            ("host: An office", "hots: An office"),
            ("soon: 3wd", "soon: 3 days"),
            ("ladder: plain\n      after: [sign]", "ladder: plane\n      after: [sing]"),
            ("opens: 20wd", "opens: 200wd"),
            ("revise: {owner: lead", "revise: {owner: leed"),
        )
        found = errors(text)
        lines = [int(one.split(":")[1]) for one in found]
        assert lines == sorted(lines)
        assert [one.split(": ", 1)[1] for one in found] == [
            "'host' is missing; add a line host: …",
            "'hots' is not known here; did you mean 'host'?",
            "'3 days' is not a duration; write 3d",
            "there is no ladder 'plane'; did you mean 'plain'?",
            "there is no step 'sing'; did you mean 'sign'?",
            EARLY.format(opens="200wd"),
            "'leed' is not known here; did you mean 'lead'?",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "1:1: there is no programme in this file"),
            ("- a list", "1:1: there is no programme in this file"),
            ("#\n> #", "1:1: there is no programme in this file"),
            ("id: [1", "1:7: this is not YAML: expected ',' or ']'"),
            ("id: a\nid: b", "2:1: 'id' is there twice; keep one of them"),
            ("id:\n\t- b", "2:1: there is a tab here; indent with spaces"),
            ("id: a: b", "1:6: this is not YAML: mapping values are not allowed here"),
            ("id: *nothing", "1:5: this is not YAML: found undefined alias 'nothing'"),
            ("id: !!python/object:os.system x", "1:5: this is not YAML: could not determine"),
            ("id: a\ntitle: \x01", "2:8: there is a character here that YAML does not allow"),
            ("id: &a [*a]", "1:1: this file cannot be read as YAML"),
            ("id: x\n---\nid: y", "2:1: this is not YAML"),
            ("a: " + "[" * 60 + "]" * 60, "1:1: this file cannot be read as YAML"),
            ("#" * 500_001, "1:1: this file is too large"),
        ],
    )
    def test_reports_the_line_of_a_yaml_error(self, text: str, said: str) -> None:
        found = errors(text)
        assert len(found) == 1
        assert found[0].startswith(f"small.yaml:{said}")

    def test_refuses_a_billion_laughs(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for turn in range(1, 9):
            ten = ", ".join([f"*a{turn - 1}"] * 10)
            lines.append(f"a{turn}: &a{turn} [{ten}]")
        (found,) = errors("\n".join(lines))
        assert "cannot be read as YAML" in found

    def test_anchors_are_allowed(self) -> None:
        text = changed(
            (
                "submit: {owner: lead, ladder: plain}",
                "submit: &submit {owner: lead, ladder: plain}",
            ),
        ).replace("submit: {owner: lead, ladder: plain}", "submit: *submit")
        assert errors(text) == []

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_any_text_gives_a_definition_or_definition_errors(self, data: st.DataObject) -> None:
        lines = SMALL.splitlines()
        for _ in range(data.draw(st.integers(1, 3))):
            number = data.draw(st.integers(0, len(lines) - 1))
            key = lines[number].partition(":")[0]
            lines[number] = data.draw(
                st.sampled_from(
                    [
                        "",
                        f"{key}:",
                        f"{key}: 7",
                        f"{key}: [a, {{b: c}}]",
                        f"{key}: {{}}",
                        f"{key}: P3M",
                        f"{key}: null",
                        f"{key}: 2026-12-24",
                        f"  {lines[number]}",
                        lines[number][2:],
                        lines[number][:-2],
                        lines[(number * 7) % len(lines)],
                    ]
                )
            )
        for flaw in flaws("\n".join(lines)):
            assert 1 <= flaw.line <= len(lines) + 1
            assert flaw.column >= 1
            assert flaw.what
            assert flaw.fix


class TestDefinitionErrors:
    def test_prints_each_flaw_with_its_place_as_compilers_do(self) -> None:
        flaw = Flaw("this is wrong", "write that", line=3, column=7)
        line = "a.yaml:3:7: this is wrong; write that"
        assert str(DefinitionErrors("a.yaml", (flaw, flaw))) == f"{line}\n{line}"


class TestDefinitionSchema:
    def test_knows_all_fields(self) -> None:
        schema = definition_schema()
        assert schema["title"] == "Milepost programme"
        assert "onboarding" in str(schema["properties"])


def test_the_built_in_definitions_are_the_network_and_the_tour() -> None:
    assert [name for name, _ in built_in_definitions()] == ["inclusive-growth-network", "tour"]


def test_workflows_and_the_planner_need_none_of_the_large_libraries() -> None:
    """The calendar travels; what makes it stays outside the workflow sandbox."""
    code = (
        "import sys, programmes.planner, programmes.facts, activities.inputs, workflows.registry\n"
        "large = {'holidays', 'ruamel', 'pydantic', 'rich'} & set(sys.modules)\n"
        "assert not large, large"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
