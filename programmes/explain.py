"""Pydantic's complaints about a definition, in words for the person who wrote it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from programmes.nearness import meant
from programmes.positions import Path
from programmes.problems import MistakeError


@dataclass(frozen=True)
class Finding:
    """An error before its place in the file is known. ``at_key``: it is the key that is wrong."""

    path: Path
    what: str
    mend: str
    at_key: bool = False


Schema = Mapping[str, object]


def explain(error: ValidationError, data: object, schema: Schema) -> list[Finding]:
    """One finding for each complaint; ``schema`` is the JSON Schema, which knows all fields."""
    details = error.errors(include_url=False)
    return [_finding(detail, data, schema) for detail in details if not _follows(detail)]


def _follows(detail: ErrorDetails) -> bool:
    # A list whose only items are wrong is called too short as well; one complaint is enough.
    return detail["type"] == "too_short" and bool(detail["input"])


def _finding(detail: ErrorDetails, data: object, schema: Schema) -> Finding:
    kind, name = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    path = _path_in(data, detail["loc"])
    if kind == "missing":
        return Finding(path, f"{name!r} is missing", f"add a line {name}: …", at_key=True)
    if kind == "extra_forbidden":
        known = _fields(schema, path[:-1], data)
        return Finding(path, f"{name!r} is not known here", meant(name, known), at_key=True)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, MistakeError):
        return Finding(path, cause.what, cause.mend)
    at_key = name == "[key]"
    if at_key:
        name = str(path[-1])
    given = name if at_key else detail["input"]
    what, mend = _sentence(kind, given, detail)
    return Finding(path, what, mend, at_key)


def _sentence(kind: str, given: object, detail: ErrorDetails) -> tuple[str, str]:
    context = detail.get("ctx", {})
    known = re.findall(r"'([^']+)'", str(context.get("expected", "")))
    if kind == "literal_error":
        return f"{given!r} is not known here", meant(str(given), known)
    if kind == "union_tag_invalid":
        tags = re.findall(r"'([^']+)'", str(context.get("expected_tags", "")))
        return f"{context.get('tag')!r} is not a kind of calendar", meant(
            str(context.get("tag")), tags
        )
    if kind == "union_tag_not_found":
        return "'kind' is missing", "add a line kind: uk, or kind: always-open"
    if kind == "string_pattern_mismatch":
        return f"{given!r} is not written right", _pattern(str(context.get("pattern")))
    if kind == "string_type":
        if given is None:
            return "there is nothing here", "write a text"
        return f"{_told(given)} is not a text", "write a text, in quotes if need be"
    return _SENTENCES.get(kind, (str(detail["msg"]).lower(), "see programme.schema.json"))


_SENTENCES = {
    "string_too_short": ("there is nothing here", "write a text"),
    "string_too_long": ("this text is too long", "shorten it"),
    "too_short": ("there is nothing in here", "add at least one"),
    "int_type": ("this is not a whole number", "write a number such as 1"),
    "greater_than_equal": ("this number is too small", "write 1 or more"),
    "tuple_type": ("this is not a list", "write a list: [one, two], or a line with - for each"),
    "model_type": ("this is not a group of lines", "write its lines below it, indented"),
    "model_attributes_type": ("this is not a group of lines", "write its lines below it, indented"),
    "dict_type": ("this is not a group of lines", "write its lines below it, indented"),
}


def _pattern(pattern: str) -> str:
    if "@" in pattern:
        return "write an email address"
    return "use small letters, digits and hyphens, and begin with a letter"


def _told(given: object) -> str:
    if isinstance(given, Mapping):
        return "a group of lines"
    return "a list" if isinstance(given, list) else str(given)


def _path_in(data: object, loc: Sequence[str | int]) -> Path:
    """The path in the file: Pydantic's, without the names of union members and other marks."""
    path: list[str | int] = []
    here = data
    for place, step in enumerate(loc):
        last = place == len(loc) - 1
        if isinstance(here, Mapping):
            if step in here:
                here = here[step]
            elif not last:
                continue
        elif isinstance(here, Sequence) and isinstance(step, int) and step < len(here):
            here = here[step]
        if step != "[key]":
            path.append(step)
    return tuple(path)


def _fields(schema: Schema, path: Path, data: object) -> list[str]:
    """The names that the schema knows at a path."""
    here = schema
    value = data
    for step in path:
        value = value[step] if isinstance(value, Mapping | list) else None  # type: ignore[index]
        here = _inside(_resolve(schema, here, value), step)
    properties = _resolve(schema, here, value).get("properties", {})
    return list(properties) if isinstance(properties, Mapping) else []


def _inside(here: Schema, step: str | int) -> Schema:
    if isinstance(step, int):
        inner = here.get("items")
    else:
        properties = here.get("properties")
        known = properties.get(step) if isinstance(properties, Mapping) else None
        inner = known or here.get("additionalProperties")
    return inner if isinstance(inner, Mapping) else {}


def _resolve(schema: Schema, here: Schema, value: object) -> Schema:
    """Follow references, and choose the member of a union that the value names by its kind."""
    reference = here.get("$ref")
    if isinstance(reference, str):
        definitions = schema.get("$defs")
        found = (
            definitions.get(reference.rsplit("/", 1)[-1])
            if isinstance(definitions, Mapping)
            else None
        )
        return _resolve(schema, found, value) if isinstance(found, Mapping) else {}
    options = here.get("oneOf") or here.get("anyOf")
    if isinstance(options, list):
        kind = value.get("kind") if isinstance(value, Mapping) else None
        resolved = [_resolve(schema, option, value) for option in options]
        for option in resolved:
            if kind is None or _kind(option) in (None, kind):
                return option
    return here


def _kind(option: Schema) -> object:
    properties = option.get("properties")
    kind = properties.get("kind") if isinstance(properties, Mapping) else None
    return kind.get("const") if isinstance(kind, Mapping) else None
