"""The text of an HTML email, for emails without a plain text part."""

import re
from html import unescape
from html.parser import HTMLParser

import nh3

LONGEST = 200_000
"""The most characters of HTML that are read: far more than a person writes."""

_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_QUOTED = "blockquote"
_TAGS = set(_BLOCKS | {_QUOTED, "hr", "td", "th"})
_DEEPEST = 300
"""The most levels of nesting. An email from Word has about thirty, and each costs parsing time."""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})", re.I)
_CLOSED_BY_OTHERS = frozenset(
    {"p", "br", "li", "td", "th", "tr", "hr", "img", "meta", "link", "input", "option", "col"}
)
_UNSAID = {"script", "style", "title", "head"}
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")


def text_of(html: str) -> str:
    """The text of an HTML part, with quotations marked by ``>``.

    ``nh3`` (Rust's Ammonia) reads it as a browser would and keeps a few plain elements. Scripts,
    styles, comments and attributes never become text.
    """
    html = html[:LONGEST]
    if _is_too_deep(html):
        return unescape(re.sub(r"<[^<>]*>", " ", html)).strip()
    safe = nh3.clean(html, tags=_TAGS, attributes={}, clean_content_tags=_UNSAID)
    reader = _Reader()
    reader.feed(safe)
    reader.close()
    return reader.text()


def _is_too_deep(html: str) -> bool:
    depth = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _CLOSED_BY_OTHERS:
            depth = max(0, depth - 1) if closing else depth + 1
            if depth > _DEEPEST:
                return True
    return False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, list[str]]] = [(0, [])]
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == _QUOTED:
            self._depth += 1
            self._break()
        elif tag == "hr":
            self._break()
            self._lines[-1][1].append("_" * 32)
            self._break()
        elif tag == "li":
            self._break()
            self._lines[-1][1].append("- ")
        elif tag == "p":
            self._break()
            self._break(empty=True)
        elif tag in _BLOCKS:
            self._break(empty=tag == "br")
        elif tag in ("td", "th"):
            self._lines[-1][1].append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == _QUOTED:
            self._depth = max(0, self._depth - 1)
            self._break()
        elif tag in _BLOCKS and tag != "br":
            self._break()

    def handle_data(self, data: str) -> None:
        self._lines[-1][1].append(_SPACES.sub(" ", data))

    def _break(self, *, empty: bool = False) -> None:
        if empty or self._lines[-1][1]:
            self._lines.append((self._depth, []))
        else:
            self._lines[-1] = (self._depth, [])

    def text(self) -> str:
        """All lines; a quoted line begins with ``>``."""
        lines = []
        for depth, parts in self._lines:
            line = "".join(parts).strip()
            lines.append(f"> {line}" if depth and line else line)
        return "\n".join(lines).strip()
