"""Where an office's templates are rendered: they reach their context, and nothing else.

What bounds their time is what they may not have: no calls, no arithmetic, no variables of their
own, no loop within a loop, and no loop over anything but a list of the context. What filters make
is counted besides (``bounds``).
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.grammar import filters
from notifications.languages import Language
from notifications.overrides.bounds import LONGEST, bounded, counted_work, indent, join
from notifications.rendering import Shelf, marked

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
        """A template as it was written. Raises ``TemplateSyntaxError``."""
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
    """The sandbox of a language, for text or for HTML. Layout and parts are the built-in ones."""
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
    """A template of an office, ready to be rendered; stored versions never change."""
    return sandbox(language, autoescape).from_string(source)


def render_part(source: str, language: Language, values: Mapping[str, Any], *, html: bool) -> str:
    """Render one part. Raises Jinja's errors, and ``SecurityError`` where it grows too long."""
    pieces, length = [], 0
    with counted_work():
        for piece in compiled(source, language, html).generate(values):
            length += len(piece)
            if length > LONGEST:
                raise SecurityError("too long")
            pieces.append(piece)
    return "".join(pieces)
