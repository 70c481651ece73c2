"""Renders a kind's templates into a subject, a text part and an HTML part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from notifications.content.context import Letter
from notifications.words import ENGLISH, TAGS, InEnglish, entry, filters
from programmes.vocabulary import Language

if TYPE_CHECKING:
    import css_inline

TEMPLATES = Path(__file__).parents[1] / "templates"

PARTS = ("subject.txt", "body.txt", "body.html")


@dataclass(frozen=True)
class Rendered:
    """The three parts of an email."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Side:
    """An email's parts in one language, without the page around them."""

    language: Language
    subject: str
    text: str
    letter: str
    """HTML."""
    office: str


def render(kind: str, context: Letter, language: Language = ENGLISH) -> Rendered:
    """Render a kind's three templates. Raises Jinja's errors, for a missing name too."""
    return render_values(kind, asdict(context), language)


def render_values(kind: str, values: Mapping[str, Any], language: Language = ENGLISH) -> Rendered:
    """Render a kind from a context's plain values. Raises Jinja's errors."""
    return put_together([side_of(kind, values, language)])


def side_of(kind: str, values: Mapping[str, Any], language: Language) -> Side:
    """Render the built-in templates in one language. Raises Jinja's errors."""
    texts, pages = environments(language)

    def part(name: str) -> str:
        chosen = pages if name.endswith(".html") else texts
        return chosen.get_template(f"{kind}/{name}").render(values)

    return made_side(language, values, part)


def made_side(language: Language, values: Mapping[str, Any], part: Callable[[str], str]) -> Side:
    """Make one language's side; ``part`` renders a part by its file name."""
    subject, text, letter = (part(name) for name in PARTS)
    return Side(
        language=language,
        # A line break in a subject would start another header.
        subject=" ".join(subject.split()),
        text=_tidy(text),
        letter=letter,
        office=str(values["office"]),
    )


def put_together(sides: Sequence[Side]) -> Rendered:
    """Make one email from one language or several, one below the other."""
    texts, pages = environments(ENGLISH)
    names = entry("language")
    # A subject that is the same in both languages, such as a name, appears once.
    subject = " / ".join(dict.fromkeys(side.subject for side in sides))
    shown = [
        {
            "lang": TAGS[side.language],
            "name": names[side.language],
            "subject": side.subject,
            "letter": Markup(side.letter),
            "text": side.text,
        }
        for side in sides
    ]
    page = {"subject": subject, "office": sides[0].office, "sides": shown}
    return Rendered(
        subject=subject,
        text=_tidy(texts.get_template("page.txt").render(page)),
        html=_inliner().inline(pages.get_template("page.html").render(page)),
    )


def _tidy(text: str) -> str:
    """Reduce several empty lines to one, because empty blocks leave gaps."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"


class Shelf(BaseLoader):
    """The built-in templates in one language: Welsh ones are in ``<folder>/cy/<file>``.

    Parts without words of their own, such as a list, exist once for all languages.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._files = FileSystemLoader(TEMPLATES)

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        """Jinja's hook: the template's source in this language. Raises ``TemplateNotFound``."""
        if self._language == ENGLISH:
            return self._files.get_source(environment, template)
        folder, _, name = template.rpartition("/")
        theirs = f"{folder}/{self._language}/{name}".lstrip("/")
        try:
            return self._files.get_source(environment, theirs)
        except TemplateNotFound:
            if folder != "parts":
                raise
            return self._files.get_source(environment, template)


@cache
def environments(language: Language) -> tuple[Environment, Environment]:
    """The environments for text and for HTML in one language."""
    made = []
    for autoescape in (False, True):
        environment = Environment(
            loader=Shelf(language),
            undefined=StrictUndefined,
            autoescape=autoescape,
            finalize=marked if autoescape else None,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(filters(language))
        made.append(environment)
    return made[0], made[1]


def marked(value: object) -> object:
    """A value as HTML shows it: a text without a Welsh version is marked as English."""
    if isinstance(value, InEnglish):
        return Markup('<span lang="{}">{}</span>').format(TAGS[ENGLISH], str(value))
    return value


@lru_cache(maxsize=1)
def _inliner() -> "css_inline.CSSInliner":
    import css_inline  # a large library in Rust: the API needs it for previews alone

    # Keep the style element: email programs with media queries read it.
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
