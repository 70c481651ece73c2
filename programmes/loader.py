"""Reads a definition from YAML, or finds every error in it."""

from functools import cache
from importlib.resources import files

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from programmes.checks import check, digest_findings
from programmes.definition import Definition
from programmes.explain import explain
from programmes.fields import STORED
from programmes.nodes import Finding, Node, Place, Positions, TooLargeError, positions
from programmes.problems import DefinitionErrors, Flaw

__all__ = [
    "DefinitionErrors",
    "built_in_definitions",
    "definition_schema",
    "load_definition",
]

_LARGEST = 500_000
"""Characters: ten times the largest definition that makes sense."""


def load_definition(text: str, source: str, *, stored: bool = False) -> Definition:
    """The definition in ``text``; ``source`` is the file's name in errors.

    A ``stored`` definition was accepted by an earlier Milepost, and engagements run on it. Some
    errors that are refused in a new definition are corrected in a stored one.

    Raises ``DefinitionErrors`` with everything that is wrong, in the order of the file.
    """
    data, places = _read(text, source)
    findings: list[Finding] = []
    definition: Definition | None = None
    try:
        definition = Definition.model_validate(data, context={STORED: stored})
    except ValidationError as error:
        findings += explain(error, data, definition_schema())
    findings += check(data)
    if not stored:
        # A stored definition may have them: its summaries wait for the office's hours.
        findings += digest_findings(Node(data))
    if definition is None or findings:
        raise DefinitionErrors(source, _placed(findings, places))
    return definition


@cache
def definition_schema() -> dict[str, object]:
    """The JSON Schema of a definition, for editors."""
    schema = Definition.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Milepost programme",
    }


def built_in_definitions() -> list[tuple[str, str]]:
    """The definitions that come with Milepost: the name and the text of each, by name."""
    folder = files("programmes") / "definitions"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return [
        (entry.name.removesuffix(".yaml"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    ]


class _Constructor(SafeConstructor):
    """Reads dates as text, so that a date that does not exist is refused with its line."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _reader() -> YAML:
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    return reader


def _read(text: str, source: str) -> tuple[object, Positions]:
    if len(text) > _LARGEST:
        raise _refused(source, (1, 1), "this file is too large", "split it into several programmes")
    try:
        reader = _reader()
        # The places and the data come from the same nodes, so the text is read once.
        node = reader.compose(text)
        places = positions(node)
        data: object = None if node is None else reader.constructor.construct_document(node)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _refused(source, place, *_syntax(error)) from error
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - before.rfind("\n"))
        what = "there is a character here that YAML does not allow"
        raise _refused(source, place, what, "take it out") from error
    except (YAMLError, ValueError, TooLargeError, RecursionError) as error:
        what = "this file cannot be read as YAML"
        fix = "check its indents, quotes and aliases"
        raise _refused(source, (1, 1), what, fix) from error
    if not isinstance(data, dict):
        what = "there is no programme in this file"
        raise _refused(source, (1, 1), what, "begin with a line such as id: my-programme")
    return data, places


def _syntax(error: MarkedYAMLError) -> tuple[str, str]:
    """What is wrong, and how to fix it."""
    problem = str(error.problem or error.context)
    if "duplicate key" in problem:
        key = problem.split('"')[1] if '"' in problem else ""
        return f"{key!r} is there twice", "keep one of them"
    if "\\t" in problem:
        return "there is a tab here", "indent with spaces"
    context = f" {error.context}" if error.context and error.context != problem else ""
    what = f"this is not YAML: {problem}{context}"
    return what, "check the indents, colons and quotes near here"


def _placed(findings: list[Finding], places: Positions) -> tuple[Flaw, ...]:
    flaws = set()
    for finding in findings:
        line, column = (places.key if finding.at_key else places.value)(finding.path)
        flaws.add(Flaw(finding.what, finding.fix, line=line, column=column))
    return tuple(sorted(flaws, key=lambda flaw: (flaw.line, flaw.column, flaw.what)))


def _refused(source: str, place: Place, what: str, fix: str) -> DefinitionErrors:
    line, column = place
    return DefinitionErrors(source, (Flaw(what, fix, line=line, column=column),))
