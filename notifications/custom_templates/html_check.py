"""Checks the HTML of an office's template, so that every recipient can read it."""

from collections.abc import Iterator
from html.parser import HTMLParser

from notifications.custom_templates.draft import Fault
from notifications.custom_templates.grammar_check import fault
from notifications.custom_templates.sandbox import sandbox

_ELEMENTS = (
    "a abbr b blockquote br caption code div em h2 h3 h4 hr i img li ol p pre section small span "
    "strong sub sup table tbody td th thead tr u ul"
)
ELEMENTS = frozenset(_ELEMENTS.split())
"""The page around it has the only ``h1`` and the style sheet."""
_VOID = frozenset({"br", "hr", "img"})
_LINKS = ("https://", "http://", "mailto:")


def read_source(source: str) -> Iterator[Fault]:
    """The faults in the markup as written; Jinja's expressions count as text."""
    plain = _without_jinja(source)
    if (line := _torn(plain)) is not None:
        yield fault("html", line, "torn")
        return
    reader = _Markup()
    reader.feed(plain)
    reader.close()
    yield from reader.found


def read_rendered(html: str) -> Iterator[Fault]:
    """The faults in the rendered markup."""
    if _torn(html) is not None:
        yield fault("html", 0, "torn")
        return
    reader = _Nesting()
    reader.feed(html)
    reader.close()
    yield from reader.found
    for element in reader.open:
        yield fault("html", 0, "unclosed", name=element)


def _leads_somewhere(value: str | None) -> bool:
    return (value or "").strip().lower().startswith(_LINKS)


def _without_jinja(source: str) -> str:
    """The markup alone, on its own lines. ``source`` is valid for Jinja."""
    kept: list[str] = []
    for _, token, value in sandbox("en", True).lex(source):
        shown = "https://x" if token == "variable_begin" else ""
        kept.append(value if token == "data" else shown + "\n" * value.count("\n"))
    return "".join(kept)


def _torn(html: str) -> int | None:
    """The line of the first tag that is not closed, or has an unmatched quotation mark.

    Python's own parser would search for the end again and again: minutes, for a long template.
    """
    at = html.find("<")
    while at >= 0:
        end, following = html.find(">", at), html.find("<", at + 1)
        tag = html[at : end + 1]
        if end < 0 or 0 <= following < end or tag.count("'") % 2 or tag.count('"') % 2:
            return html.count("\n", 0, at) + 1
        if tag.startswith("<!--"):
            return html.count("\n", 0, at) + 1
        at = following
    return None


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Fault] = []
        self._level = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        if tag not in ELEMENTS:
            names = ", ".join(sorted(ELEMENTS))
            self.found.append(fault("html", line, "element", name=tag, names=names))
            return
        given = dict(attrs)
        for name, value in attrs:
            if name.startswith("on") or name in ("srcdoc", "formaction"):
                self.found.append(fault("html", line, "attribute", name=name))
            if name in ("href", "src") and not _leads_somewhere(value):
                self.found.append(fault("html", line, "link", value=value or ""))
        if tag == "img" and "alt" not in given:
            self.found.append(fault("html", line, "alt"))
        if tag in ("h2", "h3", "h4"):
            level = int(tag[1])
            if level > self._level + 1:
                self.found.append(fault("html", line, "heading", name=tag, right=self._level + 1))
            self._level = level

    def handle_decl(self, decl: str) -> None:
        self.found.append(fault("html", self.getpos()[0], "element", name=decl, names="p, div …"))


class _Nesting(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Fault] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            # The value of a link may come from another person.
            if name in ("href", "src") and not _leads_somewhere(value):
                self.found.append(fault("html", 0, "link", value=value or ""))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag in self.open:
            while self.open[-1] != tag:
                self.found.append(fault("html", 0, "unclosed", name=self.open.pop()))
            self.open.pop()
        elif tag not in _VOID:
            self.found.append(fault("html", 0, "unopened", name=tag))
