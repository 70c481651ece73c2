"""From a kind and its context to a subject, a text part and an HTML part."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from notifications.context import Letter

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Rendered:
    """The three parts of an email."""

    subject: str
    text: str
    html: str


def render(kind: str, context: Letter) -> Rendered:
    """Render a kind's three templates. Raises Jinja's errors; a missing name is one of them."""
    return render_values(kind, asdict(context))


def render_values(kind: str, values: Mapping[str, Any]) -> Rendered:
    """The same from a context that was turned into plain values."""
    texts, pages = _environments()
    subject = texts.get_template(f"{kind}/subject.txt").render(values)
    text = texts.get_template(f"{kind}/body.txt").render(values)
    html = pages.get_template(f"{kind}/body.html").render({**values, "subject": subject})
    return Rendered(
        # A line break in a subject would start another header.
        subject=" ".join(subject.split()),
        text=_tidy(text),
        html=_inliner().inline(html),
    )


def _tidy(text: str) -> str:
    """At most one empty line in a row: blocks that say nothing leave no hole."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"


@lru_cache(maxsize=1)
def _environments() -> tuple[Environment, Environment]:
    texts = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return texts, pages


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # The style element stays: clients that know media queries read it.
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
