"""A name or a title is one line, whatever stood in it: it goes into the heading of an email."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from api.fields import Line, Paragraphs

LINE: TypeAdapter[str] = TypeAdapter(Line)


@pytest.mark.parametrize(
    "given",
    ["Cardiff\nCouncil", "Cardiff\r\nCouncil", "Cardiff\u2028Council", "Cardiff\x85Council"],
)
def test_what_would_break_it_is_a_space(given: str) -> None:
    assert LINE.validate_python(given) == "Cardiff Council"


def test_nothing_but_line_ends_is_no_name() -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python("\n\u2028")


@pytest.mark.parametrize("kind", [LINE, TypeAdapter(Paragraphs)], ids=["line", "paragraphs"])
@pytest.mark.parametrize("given", ["\x81", "\x00", "\x1f \x7f", "\x85\u2028", "\u00a0", "\x9f."])
def test_what_the_schema_takes_is_taken_and_nothing_else(
    kind: TypeAdapter[str], given: str
) -> None:
    pattern = kind.json_schema()["pattern"]
    try:
        kind.validate_python(given)
    except ValidationError:
        taken = False
    else:
        taken = True
    assert taken == bool(re.search(pattern, given)) == given.endswith(".")
