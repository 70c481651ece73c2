"""The keys of a programme file, from the models that read it."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from ruamel.yaml import YAML

from programmes import fields
from programmes import fields as spoken
from programmes.definition import Definition
from tools.docs.markdown import choice, code, table

HEADINGS = {
    "Definition": ("The programme", "programme"),
    "Theme": ("`themes`: each theme", "themes"),
    "RoleText": ("`roles`: each role", "title and text"),
    "Mail": ("`mail`", "sender and replies"),
    "UkCalendar": ("`calendar` with `kind: uk`", "United Kingdom"),
    "Closure": ("`calendar.closures`: each closure", "closures"),
    "OpenCalendar": ("`calendar` with `kind: always-open`", "always open"),
    "Ladder": ("`ladders`: each ladder", "ladder"),
    "Rung": ("`rungs` of a ladder: each rung", "rungs"),
    "Onboarding": ("`onboarding`", "steps"),
    "Step": ("`onboarding.steps`: each step", "steps"),
    "Research": ("`research`", "stages"),
    "Stage": ("Each stage of `research`, `advice` and `reviews`", "stage"),
    "Advice": ("`advice`", "interval and stages"),
    "Lead": ("`advice.agenda`", "stage"),
    "Review": ("`reviews`: each review", "reviews"),
    "Titled": ("`checklist` of a review: each line", "lines"),
    "Submission": ("`submit` of a review", "stage"),
    "Digests": ("`digests`", "summaries"),
    "DigestTime": ("`digests.manager` and `digests.member`", "time of the week"),
    "Outage": ("`outage`", "rules"),
}
"""The heading of each model, in the order of the page, and the words of a link to it."""

WORDS: tuple[tuple[Any, str], ...] = (
    (fields.Key, "name"),
    (fields.Span, "time"),
    (fields.Some, "time, not 0"),
    (fields.Offset, "time, with or without a minus"),
    (fields.Before, "time with a minus"),
    (fields.Hours, "two times of day"),
    (fields.Day, "day"),
    (fields.Address, "email address"),
    (spoken.Title, "line, or `en` and `cy`"),
    (spoken.Prose, "text, or `en` and `cy`"),
    (spoken.Line, "line"),
    (str, "text"),
    (int, "whole number"),
)
FIRST = ("kind", "id", "version", "title", "text")


def render() -> str:
    """One table a model. Raises ``ValueError`` where a model has no heading, or a key no words."""
    found = models(Definition)
    if set(found) != set(HEADINGS):
        raise ValueError(f"HEADINGS and the models differ: {set(found) ^ set(HEADINGS)}")
    return "\n\n".join(_section(found[name]) for name in HEADINGS)


def models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """A model and those inside it, by name. Texts in two languages count as values."""
    found = {model.__name__: model}
    for hint in get_type_hints(model, include_extras=True).values():
        for inner in _models_in(hint):
            if inner.__name__ not in found:
                found |= models(inner) | found
    return found


def key_of(name: str, field: FieldInfo) -> str:
    """The key in the file: a few names of fields are words of Python."""
    return field.alias or name


def _models_in(hint: Any) -> list[type[BaseModel]]:
    if any(hint is known for known, _ in WORDS):
        return []
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return [hint]
    return [model for inner in get_args(hint) for model in _models_in(inner)]


def _section(model: type[BaseModel]) -> str:
    order = sorted(
        model.model_fields, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)
    )
    hints = get_type_hints(model, include_extras=True)
    rows = [_row(model, name, hints[name]) for name in order]
    heading, _ = HEADINGS[model.__name__]
    heads = ("key", "what it says", "value", "default", "example")
    return f"### {heading}\n\n{table(heads, rows)}"


def _row(model: type[BaseModel], name: str, hint: Any) -> tuple[str, ...]:
    field = model.model_fields[name]
    if not field.description or not (field.examples or _models_in(hint)):
        raise ValueError(f"{model.__name__}.{name} needs a description and examples")
    examples = " or ".join(code(_yaml(one)) for one in field.examples or ())
    return (code(key_of(name, field)), field.description, _value(hint), _default(field), examples)


def _value(hint: Any) -> str:
    for known, words in WORDS:
        if hint is known:
            return words
    origin, inside = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        heading, words = HEADINGS[hint.__name__]
        return f"[{words}](#{_anchor(heading)})"
    if origin is Annotated:
        return _value(inside[0])
    if origin is Literal:
        return choice(inside)
    if origin in (Union, UnionType):
        return " or ".join(_value(one) for one in inside if one is not NoneType)
    if origin is tuple:
        return f"list of {_value(inside[0])}"
    if origin is dict:
        return f"under each {_value(inside[0])}: {_value(inside[1])}"
    raise ValueError(f"the page has no words for {hint}")


def _anchor(heading: str) -> str:
    kept = (letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined:
        return "required"
    if default is None or default == ():
        return "none"
    if isinstance(default, BaseModel):
        return "its defaults"
    return code(default)


def _yaml(value: object) -> str:
    """The value as a person writes it in a file: quoted only where it has to be."""
    if isinstance(value, list):
        return f"[{', '.join(_yaml(one) for one in value)}]"
    text = str(value)
    # A date is read as the text that stands there.
    return text if str(YAML(typ="safe", pure=True).load(text)) == text else f'"{text}"'
