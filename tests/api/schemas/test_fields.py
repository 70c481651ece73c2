"""A name or a title is one line, whatever stood in it: it goes into the heading of an email."""

import pytest
from pydantic import TypeAdapter, ValidationError

from api.schemas.fields import Line

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
