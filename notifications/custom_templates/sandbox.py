"""Limits the work of an office's template: each filter's output is counted.

``grammar_check`` reads a template before it is stored. The limits here cover what it cannot see,
such as a note of ten thousand lines.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.content.rendering import Shelf, marked
from notifications.words import filters
from programmes.vocabulary import Language

LONGEST = 100_000
"""The most characters of a part, or of a filter's result."""
MOST_WORK = 5_000_000
"""The most characters that the filters of one part may produce together: a tenth of a second."""
WIDEST = 40
"""The most characters to indent by, or to put between a list's entries."""

_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def counted_work() -> Iterator[None]:
    """Count the output of filters within the block."""
    token = _left.set(MOST_WORK)
    try:
        yield
    finally:
        _left.reset(token)


def bounded(make: Callable[..., Any]) -> Callable[..., Any]:
    """Limit a filter: it raises ``SecurityError`` once it, or all together, produce too much."""

    @wraps(make)
    def made(*given: Any, **named: Any) -> Any:
        result = make(*given, **named)
        size = len(result) if isinstance(result, str) else 1
        left = _left.get()
        if size > LONGEST or (left is not None and left < size):
            raise SecurityError("too long")
        if left is not None:
            # A short result still costs a call.
            _left.set(left - max(size, 20))
        return result

    return made


def indent(text: str, width: object = 4) -> str:
    """Jinja's filter with limits. Raises ``SecurityError`` before it produces too much."""
    if type(width) is not int or not 0 <= width <= WIDEST:
        raise SecurityError("too wide")
    if len(text) + width * len(text.splitlines()) > LONGEST:
        raise SecurityError("too long")
    return do_indent(text, width)


def join(value: object, between: object = "") -> str:
    """Jinja's filter for lists only, with limits. Raises ``SecurityError``."""
    if not isinstance(value, list | tuple) or len(str(between)) > WIDEST:
        raise SecurityError("a join goes over a list")
    entries = [str(one) for one in value]
    if sum(map(len, entries)) + len(str(between)) * len(entries) > LONGEST:
        raise SecurityError("too long")
    return str(between).join(entries)


FILTERS = (
    "capitalize",
    "counted",
    "default",
    "escape",
    "first",
    "indent",
    "join",
    "last",
    "length",
    "lower",
    "lower_first",
    "on_day",
    "soft",
    "title",
    "trim",
    "upper",
)
TESTS = ("defined", "none", "eq", "ne")
_ONLY_LISTS = "only_lists"


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment whose loops go over lists only."""

    def tree(self, source: str) -> nodes.Template:
        """Parse a template as written. Raises ``TemplateSyntaxError``."""
        return super()._parse(source, None, None)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _ONLY_LISTS, [], [], None, None)
            loop.iter.set_environment(self)
            loop.iter.set_lineno(loop.lineno)
        return tree


def _only_lists(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise SecurityError("a loop goes over a list")
    return value


@cache
def sandbox(language: Language, autoescape: bool) -> Sandbox:
    """The sandbox of a language, for text or HTML. Its layout and parts are the built-in ones."""
    made = Sandbox(
        loader=Shelf(language),
        undefined=StrictUndefined,
        autoescape=autoescape,
        finalize=marked if autoescape else None,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ours = dict(filters(language))
    ours |= {"indent": indent, "join": join, _ONLY_LISTS: _only_lists}
    known = {name: ours.get(name) or made.filters[name] for name in (*FILTERS, _ONLY_LISTS)}
    made.filters = {name: bounded(make) for name, make in known.items()}
    made.tests = {name: made.tests[name] for name in TESTS}
    made.globals.clear()
    return made


@lru_cache(maxsize=512)
def compiled(source: str, language: Language, autoescape: bool) -> Template:
    """Compile an office's template; stored versions never change, so the result is cached."""
    return sandbox(language, autoescape).from_string(source)


def render_part(source: str, language: Language, values: Mapping[str, Any], *, html: bool) -> str:
    """Render one part. Raises Jinja's errors, and ``SecurityError`` if it grows too long."""
    pieces, length = [], 0
    with counted_work():
        for piece in compiled(source, language, html).generate(values):
            length += len(piece)
            if length > LONGEST:
                raise SecurityError("too long")
            pieces.append(piece)
    return "".join(pieces)
