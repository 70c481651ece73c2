"""What a table or a sentence shows of a text that a person has written."""

import pytest
from rich.text import Text

from commands.show import cell, console, visible


@pytest.mark.parametrize(
    "name", [r"C:\[/x] Council", r"Back\[red]slash", "[bold]Loud[/bold]", "[/]", "plain"]
)
def test_markup_in_a_cell_is_shown_as_it_is_written(name: str) -> None:
    assert Text.from_markup(cell(name)).plain == name


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "\x1b]0;title\x07", "a\u202egnp.exe", "\x00", "a\u2066b", "\x9b31m"]
)
def test_no_control_character_reaches_the_terminal(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console().print(text, markup=False, soft_wrap=True)
    written = capsys.readouterr().out
    assert not set(written) & set("\x00\x07\x1b\x9b\u202e\u2066")
    assert "\ufffd" in written


def test_line_ends_tabs_and_joined_emoji_stay() -> None:
    text = "one\n\ttwo 👩\u200d🔬"
    assert visible(text) == text
