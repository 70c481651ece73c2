"""Checks a template without running it: forbidden constructs, and names that its kind lacks."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_type_hints

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from notifications.content.rendering import TEMPLATES
from notifications.custom_templates.draft import Fault, PartName
from notifications.custom_templates.sandbox import FILTERS, TESTS, WIDEST, sandbox
from notifications.words import entry, fill
from programmes.vocabulary import Language

_KNOWN = (
    nodes.And,
    nodes.Block,
    nodes.Call,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Const,
    nodes.Extends,
    nodes.Filter,
    nodes.For,
    nodes.Getattr,
    nodes.If,
    nodes.Import,
    nodes.Include,
    nodes.Keyword,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
    nodes.Test,
)
_MACROS = frozenset({"quote", "tasks"})
"""The macros of the built-in parts."""
_LOOP = frozenset({"index", "index0", "revindex", "first", "last", "length"})
_DEEPEST = 60
"""The most levels of nodes: thousands would exceed Python's recursion limit."""
_WORKS = (nodes.Filter, nodes.Call)
_MOST_WORKS = 5
"""The most nested filters and calls: each may make its text longer."""
_SENTENCES = entry("template")


def fault(part: PartName, line: int, key: str, **values: object) -> Fault:
    """A fault, in the catalogue's words."""
    words = _SENTENCES["fault"][key]
    given = {name: str(value) for name, value in values.items()}
    return Fault(part, line, fill(words["what"], given), fill(words["fix"], given))


def variables(context: type[Any]) -> dict[str, tuple[str, ...]]:
    """The names that a kind's templates may use, each with its own fields."""
    hints = get_type_hints(context)
    found: dict[str, tuple[str, ...]] = {}
    for field in fields(context):
        inner = (hints[field.name], *get_args(hints[field.name]))
        parts = next((one for one in inner if is_dataclass(one)), None)
        found[field.name] = tuple(one.name for one in fields(parts)) if parts else ()
    return found


class Unreadable(ValueError):
    """Jinja cannot read the template."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read(
    part: PartName, source: str, language: Language, known: dict[str, tuple[str, ...]]
) -> list[Fault]:
    """The faults in a template's names and constructs. Raises ``Unreadable``."""
    try:
        tree = sandbox(language, False).tree(source)
    except TemplateSyntaxError as error:
        raise Unreadable(
            fault(part, error.lineno, "syntax", problem=error.message or "")
        ) from error
    except RecursionError as error:
        raise Unreadable(fault(part, 0, "nested")) from error
    if (line := _too_deep(tree)) is not None:
        raise Unreadable(fault(part, line, "nested"))
    return list(_Reader(part, known, tree).faults())


def _too_deep(tree: nodes.Template) -> int | None:
    """The line of the first node that is nested too deeply."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, level, works = waiting.pop()
        works += isinstance(node, _WORKS)
        if level > _DEEPEST or works > _MOST_WORKS:
            return node.lineno or 0
        waiting += [(inner, level + 1, works) for inner in node.iter_child_nodes()]
    return None


class _Reader:
    def __init__(
        self, part: PartName, known: dict[str, tuple[str, ...]], tree: nodes.Template
    ) -> None:
        self._part = part
        self._tree = tree
        self._known = known
        self._imported = {one.target for one in tree.find_all(nodes.Import)}
        targets = [one.target for one in tree.find_all(nodes.For)]
        self._local = {one.name for one in targets if isinstance(one, nodes.Name)}
        self._local |= self._imported
        self._attributes = {one for each in known.values() for one in each} | _LOOP | _MACROS

    def faults(self) -> Iterator[Fault]:
        checks: dict[type[nodes.Node], Callable[[Any], Fault | None]] = {
            nodes.Name: self._name,
            nodes.Getattr: self._attribute,
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.Call: self._call,
            nodes.For: self._loop,
            nodes.Extends: self._other,
            nodes.Include: self._other,
            nodes.Import: self._other,
        }
        for node in self._tree.find_all(nodes.Node):
            if not isinstance(node, _KNOWN):
                yield self._fault(node, "construct", name=type(node).__name__)
            elif type(node) in checks and (found := checks[type(node)](node)) is not None:
                yield found

    def _fault(self, node: nodes.Node, key: str, **values: object) -> Fault:
        return fault(self._part, node.lineno or 0, key, **values)

    def _name(self, node: nodes.Name) -> Fault | None:
        if node.ctx != "load" or node.name in self._known or node.name in self._local | {"loop"}:
            return None
        near = get_close_matches(node.name, self._known, 1)
        names = ", ".join(sorted(self._known))
        key = "variable_near" if near else "variable"
        return self._fault(node, key, name=node.name, near=near[0] if near else "", names=names)

    def _attribute(self, node: nodes.Getattr) -> Fault | None:
        if node.attr in self._attributes:
            return None
        names = ", ".join(sorted(self._attributes - _LOOP - _MACROS))
        return self._fault(node, "field", name=node.attr, names=names or "–")

    def _filter(self, node: nodes.Filter) -> Fault | None:
        if node.name not in FILTERS:
            return self._fault(node, "filter", name=node.name, names=", ".join(FILTERS))
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self._fault(node, "named", name=node.name)
        most = {"indent": _width, "join": _between}.get(node.name)
        # A filter that makes a text longer needs a literal limit.
        if most is not None and not (len(node.args) <= 1 and all(map(most, node.args))):
            return self._fault(node, "wide", name=node.name, most=WIDEST)
        return None

    def _test(self, node: nodes.Test) -> Fault | None:
        if node.name in TESTS:
            return None
        return self._fault(node, "test", name=node.name, names=", ".join(TESTS))

    def _call(self, node: nodes.Call) -> Fault | None:
        target = node.node
        ours = (
            isinstance(target, nodes.Getattr)
            and isinstance(target.node, nodes.Name)
            and target.node.name in self._imported
        )
        if not ours or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self._fault(node, "call")
        # A nested call would repeat the text of the inner one.
        within = any(True for one in node.args for _ in _found(one, nodes.Call))
        return self._fault(node, "call_nested") if within else None

    def _loop(self, node: nodes.For) -> Fault | None:
        if node.recursive or any(True for one in node.body for _ in _found(one, nodes.For)):
            return self._fault(node, "loop_nested")
        if any(True for one in node.body for _ in _found(one, nodes.Include)):
            # An included template may loop itself.
            return self._fault(node, "loop_include")
        if not isinstance(node.iter, nodes.Name) or not isinstance(node.target, nodes.Name):
            return self._fault(node, "loop_over")
        return None

    def _other(self, node: nodes.Extends | nodes.Include | nodes.Import) -> Fault | None:
        ending = ".html" if self._part == "html" else ".txt"
        names = _shared(ending)
        name = node.template
        if isinstance(name, nodes.Const) and name.value in names:
            return None
        return self._fault(node, "other_template", names=", ".join(names))


@cache
def _shared(ending: str) -> tuple[str, ...]:
    """The built-in templates that others may use: the layout and the parts."""
    shelves = [TEMPLATES / f"layout{ending}"]
    for folder in ("chase", "parts"):
        shelves += sorted((TEMPLATES / folder).glob(f"*{ending}"))
    return tuple(str(path.relative_to(TEMPLATES)) for path in shelves)


def _found(node: nodes.Node, kind: type[nodes.Node]) -> Iterator[nodes.Node]:
    """Every node of a kind, including the root."""
    if isinstance(node, kind):
        yield node
    yield from node.find_all(kind)


def _width(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and type(node.value) is int and 0 <= node.value <= WIDEST


def _between(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and type(node.value) is str and len(node.value) <= WIDEST
