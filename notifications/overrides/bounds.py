"""How much an office's template may make: each filter's work is counted, and ends before it hurts.

What may be written is read first (``grammar_check``). This holds for whatever gets past that, and
for what only shows with real words: a note of ten thousand lines.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.filters import do_indent

LONGEST = 100_000
"""Characters that a part, or a filter's result, may become."""
MOST_WORK = 5_000_000
"""Characters that the filters of one part may make together: a tenth of a second."""
WIDEST = 40
"""How far text is indented, and how long what stands between a list's entries may be."""

_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def counted_work() -> Iterator[None]:
    """Count what the filters make meanwhile."""
    token = _left.set(MOST_WORK)
    try:
        yield
    finally:
        _left.reset(token)


def bounded(make: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that raises ``SecurityError`` once it, or all of them, have made too much."""

    @wraps(make)
    def made(*given: Any, **named: Any) -> Any:
        result = make(*given, **named)
        size = len(result) if isinstance(result, str) else 1
        left = _left.get()
        if size > LONGEST or (left is not None and left < size):
            raise SecurityError("too long")
        if left is not None:
            # What is short costs its call.
            _left.set(left - max(size, 20))
        return result

    return made


def indent(text: str, width: object = 4) -> str:
    """Jinja's, up to a width and for a text that stays short: raises before it is made."""
    if type(width) is not int or not 0 <= width <= WIDEST:
        raise SecurityError("too wide")
    if len(text) + width * len(text.splitlines()) > LONGEST:
        raise SecurityError("too long")
    return do_indent(text, width)


def join(value: object, between: object = "") -> str:
    """Jinja's, over the entries of a list alone: the letters of a text would be as many."""
    if not isinstance(value, list | tuple) or len(str(between)) > WIDEST:
        raise SecurityError("a join goes over a list")
    entries = [str(one) for one in value]
    if sum(map(len, entries)) + len(str(between)) * len(entries) > LONGEST:
        raise SecurityError("too long")
    return str(between).join(entries)
