"""From the text of a YAML file to a definition, or to every error that stands in it."""

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
from programmes.nodes import Finding, Node
from programmes.positions import Place, Positions, TooLargeError, positions
from programmes.problems import DefinitionErrors, Problem
from programmes.sentences import complaint
from programmes.spoken import STORED

__all__ = [
    "DefinitionErrors",
    "Problem",
    "built_in_definitions",
    "definition_schema",
    "load_definition",
]

_LARGEST = 500_000
"""Characters. The largest sensible definition has a tenth of that."""


def load_definition(text: str, source: str, *, stored: bool = False) -> Definition:
    """The definition in ``text``; ``source`` is the file's name in errors. One that is ``stored``
    was taken by an earlier Milepost, and engagements run on it: some of what is refused in a new
    one is put right.

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
        # One that engagements run on may say so: its summaries wait for the office's hours.
        findings += digest_findings(Node(data))
    if definition is None or findings:
        raise DefinitionErrors(_placed(findings, places, source))
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
    """Reads dates as text, so that one which does not exist is refused at its place."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _reader() -> YAML:
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    return reader


def _read(text: str, source: str) -> tuple[object, Positions]:
    if len(text) > _LARGEST:
        raise _refused(source, (1, 1), "file.large")
    try:
        reader = _reader()
        # Read once: the places and the data come from the same nodes.
        node = reader.compose(text)
        places = positions(node)
        data: object = None if node is None else reader.constructor.construct_document(node)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        key, values = _syntax(error)
        raise _refused(source, place, key, **values) from error
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - before.rfind("\n"))
        raise _refused(source, place, "file.character") from error
    except (YAMLError, ValueError, TooLargeError, RecursionError) as error:
        raise _refused(source, (1, 1), "file.unreadable") from error
    if not isinstance(data, dict):
        raise _refused(source, (1, 1), "file.empty")
    return data, places


def _syntax(error: MarkedYAMLError) -> tuple[str, dict[str, str]]:
    problem = str(error.problem or error.context)
    if "duplicate key" in problem:
        return "file.twice", {"key": problem.split('"')[1] if '"' in problem else ""}
    if "\\t" in problem:
        return "file.tab", {}
    context = f" {error.context}" if error.context and error.context != problem else ""
    return "file.syntax", {"problem": f"{problem}{context}"}


def _placed(findings: list[Finding], places: Positions, source: str) -> tuple[Problem, ...]:
    problems = set()
    for finding in findings:
        place = (places.key if finding.at_key else places.value)(finding.path)
        problems.add(Problem(source, *place, finding.what, finding.fix))
    return tuple(sorted(problems))


def _refused(source: str, place: Place, key: str, /, **values: str) -> DefinitionErrors:
    return DefinitionErrors((Problem(source, *place, *complaint(key, **values)),))
