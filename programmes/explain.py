"""Pydantic's errors about a definition, in words for its author."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from programmes.nodes import Finding, Path
from programmes.problems import InvalidValue, meant

Schema = Mapping[str, object]


def explain(error: ValidationError, data: object, schema: Schema) -> list[Finding]:
    """One finding for each error; ``schema`` is the JSON Schema, which knows all fields."""
    details = error.errors(include_url=False)
    return [_finding(detail, data, schema) for detail in details if not _follows(detail)]


def _follows(detail: ErrorDetails) -> bool:
    # A list whose items are all wrong is also too short; one error is enough.
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
    if isinstance(cause, InvalidValue):
        return Finding(path, cause.what, cause.fix)
    if name == "[key]":
        return _worded(path, kind, str(path[-1]), detail, at_key=True)
    return _worded(path, kind, detail["input"], detail)


def _worded(
    path: Path, kind: str, given: object, detail: ErrorDetails, *, at_key: bool = False
) -> Finding:
    context = detail.get("ctx", {})
    if kind == "literal_error":
        known = _quoted(context.get("expected"))
        return Finding(path, f"{given!r} is not known here", meant(str(given), known), at_key)
    if kind == "union_tag_invalid":
        tag = context.get("tag")
        fix = meant(str(tag), _quoted(context.get("expected_tags")))
        return Finding((*path, "kind"), f"{tag!r} is not a kind of calendar", fix)
    if kind == "union_tag_not_found":
        fix = "add a line kind: uk, or kind: always-open"
        return Finding(path, "'kind' is missing", fix, at_key=True)
    if kind == "string_pattern_mismatch":
        if "@" in str(context.get("pattern")):
            what, fix = f"{given!r} is not an email address", "write it like office@example.org"
        else:
            what = f"{given!r} is not a valid id"
            fix = "use small letters, digits and hyphens, and begin with a letter"
        return Finding(path, what, fix, at_key)
    if kind == "string_type" and given is None:
        kind = "string_too_short"
    what, fix = _PLAIN.get(kind, (detail["msg"].lower(), "see programme.schema.json"))
    return Finding(path, what, fix, at_key)


_NOT_A_LIST = ("this is not a list", "write a list: [one, two], or a line with - for each")
_NO_LINES = ("this is not a group of lines", "write its lines below it, indented")
_NOT_A_NUMBER = ("this is not a whole number", "write a number such as 1")

_PLAIN: Mapping[str, tuple[str, str]] = {
    "string_type": ("this is not text", "write text, in quotes if needed"),
    "string_too_short": ("this is empty", "write some text"),
    "string_too_long": ("this text is too long", "shorten it"),
    "too_short": ("this is empty", "add at least one"),
    "int_type": _NOT_A_NUMBER,
    "int_parsing": _NOT_A_NUMBER,
    "greater_than_equal": ("this number is too small", "write 1 or more"),
    "tuple_type": _NOT_A_LIST,
    "list_type": _NOT_A_LIST,
    "model_type": _NO_LINES,
    "model_attributes_type": _NO_LINES,
    "dict_type": _NO_LINES,
}
"""What is wrong and how to fix it, by the kind of Pydantic's error."""


def _quoted(listed: object) -> list[str]:
    """The words that Pydantic expected, from its list: ``'one', 'two' or 'three'``."""
    return re.findall(r"'([^']+)'", str(listed or ""))


def _path_in(data: object, loc: Sequence[str | int]) -> Path:
    """Pydantic's path without the names of union members and other marks: the path in the file."""
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
    """Follow references, and choose the member of a union by the value's kind."""
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
