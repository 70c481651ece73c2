"""Pydantic's complaints about a definition, in words for the person who wrote it."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from programmes.nodes import Finding
from programmes.positions import Path
from programmes.problems import MistakeError, meant
from programmes.sentences import knows

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
        return Finding.of(path, "field.missing", at_key=True, name=name)
    if kind == "extra_forbidden":
        fix = meant(name, _fields(schema, path[:-1], data))
        return Finding.of(path, "word.unknown", at_key=True, word=name, meant=fix)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, MistakeError):
        return Finding(path, cause.what, cause.fix)
    if name == "[key]":
        return _worded(path, kind, str(path[-1]), detail, at_key=True)
    return _worded(path, kind, detail["input"], detail)


def _worded(
    path: Path, kind: str, given: object, detail: ErrorDetails, *, at_key: bool = False
) -> Finding:
    context = detail.get("ctx", {})
    if kind == "literal_error":
        fix = meant(str(given), _quoted(context.get("expected")))
        return Finding.of(path, "word.unknown", at_key=at_key, word=given, meant=fix)
    if kind == "union_tag_invalid":
        tag = context.get("tag")
        fix = meant(str(tag), _quoted(context.get("expected_tags")))
        return Finding.of((*path, "kind"), "word.calendar", word=tag, meant=fix)
    if kind == "union_tag_not_found":
        return Finding.of(path, "field.no_kind", at_key=True)
    if kind == "string_pattern_mismatch":
        key = "field.address" if "@" in str(context.get("pattern")) else "field.pattern"
        return Finding.of(path, key, at_key=at_key, text=given)
    if kind == "string_type":
        return Finding.of(path, "field.empty" if given is None else "field.not_text")
    key = f"field.{_ALIKE.get(kind, kind)}"
    if knows(f"{key}.what"):
        return Finding.of(path, key, at_key=at_key)
    return Finding.of(path, "field.other", at_key=at_key, message=detail["msg"].lower())


_ALIKE = {
    "model_attributes_type": "model_type",
    "int_parsing": "int_type",
    "list_type": "tuple_type",
}


def _quoted(listed: object) -> list[str]:
    """The words in Pydantic's own list of what it expected: ``'one', 'two' or 'three'``."""
    return re.findall(r"'([^']+)'", str(listed or ""))


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
