"""The generated parts of the documentation are current, and each page is complete."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from cli import Listed, app
from programmes.definition import Definition
from programmes.loader import load_definition
from settings import Settings
from tools.docs.definition import key_of, models
from tools.docs.pages import PAGES, ROOT, Page, renewed

DEFINITION, CLI, CONFIGURATION = (
    (ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("definition", "cli", "configuration")
)
EXAMPLE = DEFINITION.partition("```yaml\n")[2].partition("```")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_page_is_current(page: Page) -> None:
    """If not: make docs"""
    text = (ROOT / page.path).read_text("utf-8")
    assert text == renewed(text, page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_link_within_the_page_leads_to_a_heading(page: Page) -> None:
    text = (ROOT / page.path).read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) - anchors == set()


def test_a_page_without_its_part_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one part <!-- generated: keys -->"):
        renewed("# A page", Page("page.md", {"keys": lambda: "keys"}))


class TestDefinition:
    def test_the_example_is_right(self) -> None:
        assert load_definition(EXAMPLE, "the example").id == "green-skills"

    def test_the_example_has_every_key(self) -> None:
        used = set(_keys(YAML(typ="safe", pure=True).load(EXAMPLE)))
        assert _every_key() - used == set()

    def test_every_key_is_in_a_table(self) -> None:
        assert _every_key() - set(re.findall(r"^\| `(\w+)` \|", DEFINITION, re.MULTILINE)) == set()


class TestCommandLine:
    def test_every_command_and_option_is_there(self) -> None:
        for path, command in _commands("milepost", typer.main.get_command(app)):
            _, _, section = CLI.partition(f"### `{path}`\n")
            section = section.partition("\n#")[0]
            assert section, path
            for parameter in command.params:
                names = [*parameter.opts, *parameter.secondary_opts]
                if parameter.param_type_name == "argument":
                    names = [parameter.metavar or parameter.name.upper()]
                assert [name for name in names if f"`{name}`" not in section] == [], path

    def test_every_command_of_the_example_exists(self) -> None:
        example = CLI.partition("## An example")[2].partition("\n## ")[0]
        named = set(re.findall(r"^(milepost [a-z]+(?: [a-z-]+)?)(?= |$)", example, re.MULTILINE))
        known = {path for path, _ in _commands("milepost", typer.main.get_command(app))}
        assert named
        assert named - known == set()


class TestConfiguration:
    def test_every_setting_is_there_and_every_variable_exists(self) -> None:
        shown = set(re.findall(r"MILEPOST_[A-Z_]*[A-Z]", CONFIGURATION))
        settings = {f"MILEPOST_{name.upper()}" for name in Settings.model_fields}
        # Which programs to run is read before there are settings.
        embedded = "".join(one.read_text("utf-8") for one in (ROOT / "embedded").glob("*.py"))
        others = set(re.findall(r'"(MILEPOST_[A-Z_]+)"', embedded)) - settings
        assert others
        assert shown == settings | others


def _every_key() -> set[str]:
    return {
        key_of(name, field)
        for model in models(Definition).values()
        for name, field in model.model_fields.items()
    }


def _keys(data: object) -> Iterator[str]:
    match data:
        case dict():
            for key, value in data.items():
                yield key
                yield from _keys(value)
        case list():
            for value in data:
                yield from _keys(value)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(command, Listed):
        command = command.loaded()
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from _commands(f"{path} {name}", inner)
