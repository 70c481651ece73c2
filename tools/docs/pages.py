"""Pages of the documentation that are partly generated, and how their parts are replaced.

People write the pages. A generated part stands between two comments: ``<!-- generated: keys -->``
and ``<!-- end of keys -->``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.docs import commands, configuration, definition

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Page:
    """A page under the root of the project, and what writes each of its parts."""

    path: str
    parts: Mapping[str, Callable[[], str]]


PAGES = (
    Page("docs/definition.md", {"keys": definition.render}),
    Page("docs/cli.md", {"commands": commands.render}),
    Page(
        "docs/configuration.md",
        {"settings": configuration.render, "others": configuration.render_others},
    ),
)


def renewed(text: str, page: Page) -> str:
    """The text of a page with its parts written again. Raises ``ValueError`` if it lacks one."""
    for name, render in page.parts.items():
        begins, ends = f"<!-- generated: {name} -->\n", f"<!-- end of {name} -->"
        if not 0 <= text.find(begins) < text.find(ends):
            raise ValueError(f"{page.path} needs one part {begins.strip()} … {ends}")
        before, _, rest = text.partition(begins)
        text = f"{before}{begins}\n{render().strip()}\n\n{ends}{rest.partition(ends)[2]}"
    return text
