"""Sample contexts to try a template with: a full one, empty ones, and a hostile one."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from notifications.content.context import Letter
from notifications.content.scene import Words
from notifications.kinds import Kind
from notifications.words import Titles, entry, item_title, task_words
from programmes.vocabulary import Language

LINK = "https://office.example.org/go/engagements/eng_sample"
_LINKS = {"link": LINK, "unsubscribe": "https://office.example.org/unsubscribe/sample"}


def sample(kind: Kind, language: Language) -> Letter:
    """A context with something in every field."""
    words = entry("template", "sample", language=language)
    ours = _of_family(kind, language)
    made: Letter = _made(kind.context, lambda name, hint: _full({**words, **ours}, name, hint))
    return made


def edges(kind: Kind, language: Language) -> Iterator[Letter]:
    """Rare contexts: empty ones, and ones with odd or hostile text."""
    words = entry("template", "sample", language=language)
    bare = {"yours": False, "last": False, "carried": 0, "words": None}
    yield _made(kind.context, lambda name, hint: _bare(words, name, hint, bare))
    yield _made(
        kind.context, lambda name, hint: _bare(words, name, hint, {"last": True, "carried": 1})
    )
    yield _made(kind.context, lambda name, hint: _hostile(words, name, hint))


_ALWAYS = frozenset({"to", "member", "programme", "office", "item", "why", "task", "by"})
"""The fields that are never empty."""


def _made(of: type[Any], value: Any) -> Any:
    hints = get_type_hints(of)
    return of(**{field.name: value(field.name, hints[field.name]) for field in fields(of)})


def _of_family(kind: Kind, language: Language) -> dict[str, str]:
    """The titles of a kind's item and task."""
    words = entry("template", "sample", language=language)
    titles = Titles(words["programme"], language=language)
    family = {"action": "advice", "task": "research", "engagement": ""}.get(
        kind.family, kind.family
    )
    task = task_words(family, kind.task or _TASKS.get(family, ""), titles)
    ours = {"item": words["title"] if family == "review" else item_title(family, "3", titles)}
    if kind.family == "action":
        ours |= {"task": words["actions.title"]}
    elif family == "onboarding":
        ours |= {"task": words["todos.title"], "todo": words["todos.todo"]}
    elif family:
        ours |= {"task": task.title, "todo": task.todo}
    return ours | ({"about": words["about.review"]} if kind.name == "review.opened" else {})


_SECOND = "@2"

_TASKS = {"research": "answer", "advice": "confirm", "review": "submit"}


def _full(words: Any, name: str, hint: Any) -> Any:
    if name in _LINKS:
        return _LINKS[name]
    if hint is str:
        return str(words.get(name) or words.get(name.rpartition(".")[2], words["other"]))
    if hint in (bool, int):
        return hint(2)
    if is_dataclass(hint):
        return _made(hint, lambda part, of: _full(words, f"{name}.{part}", of))  # type: ignore[arg-type]
    inner = get_args(hint)[0]
    one = _full(words, name, inner)
    return (one, _full(_second(words), name, inner)) if get_origin(hint) is tuple else one


def _second(words: Any) -> Any:
    """The words for the second entry of a list: those with ``@2`` take the place of the first's."""
    others = {name.removesuffix(_SECOND): words[name] for name in words if name.endswith(_SECOND)}
    return {**words, **others}


def _bare(words: Any, name: str, hint: Any, given: dict[str, Any]) -> Any:
    if name in given:
        return given[name]
    if name == "link" or name in _ALWAYS:
        return _full(words, name, hint)
    if hint in (str, bool, int):
        return hint()
    return () if get_origin(hint) is tuple else None


def _hostile(words: Any, name: str, hint: Any) -> Any:
    if hint is str and name not in _LINKS:
        return f"{{{{ 7 * 7 }}}} <script>alert('{name}')</script> & \"{words['other']}\""
    if hint == (Words | None):
        return Words("<b onclick='x'>\n{% raw %}", "<i>", "javascript:alert(1)")
    full = _full(words, name, hint)
    if isinstance(full, tuple) and full and is_dataclass(full[0]):
        made = _made(type(full[0]), lambda field, of: _hostile(words, field, of))
        return (made,) * 20
    return full
