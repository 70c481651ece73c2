"""Checks an office's templates before they are stored: first as written, then with samples."""

import traceback
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from jinja2 import TemplateError, UndefinedError

from notifications.custom_templates.draft import Draft, Fault, PartName
from notifications.custom_templates.grammar_check import Unreadable, fault, read, variables
from notifications.custom_templates.html_check import read_rendered, read_source
from notifications.custom_templates.samples import edges, sample
from notifications.custom_templates.sandbox import render_part
from notifications.kinds import Kind
from programmes.vocabulary import Language

LIMITS: dict[PartName, int] = {"subject": 300, "text": 20_000, "html": 50_000}
"""The most characters of a template."""


def check(kind: Kind, language: Language, draft: Draft) -> tuple[Fault, ...]:
    """Every fault of a draft; empty if it may be stored."""
    parts = draft.parts()
    if not parts:
        return (fault("text", 0, "nothing"),)
    known = variables(kind.context)
    faults: set[Fault] = set()
    for name, source in parts.items():
        if len(source) > LIMITS[name]:
            faults.add(fault(name, 0, "large", limit=LIMITS[name]))
            continue
        try:
            found = read(name, source, language, known)
        except Unreadable as error:
            faults.add(error.fault)
            continue
        if name == "html":
            found += read_source(source)
        # A part with faults is not run.
        faults.update(found or _tried(kind, language, name, source))
    return tuple(sorted(faults))


def _tried(kind: Kind, language: Language, name: PartName, source: str) -> Iterator[Fault]:
    for context in (sample(kind, language), *edges(kind, language)):
        values = asdict(context)
        try:
            made = render_part(source, language, values, html=name == "html")
        except UndefinedError as error:
            yield fault(name, _line(error), "undefined", problem=error.message or "")
            return
        except TemplateError as error:
            yield fault(name, _line(error), "refused", problem=error.message or "")
            return
        except Exception as error:  # whatever a template does, its author hears of it
            yield fault(name, _line(error), "refused", problem=type(error).__name__)
            return
        yield from _made(name, made, values)


def _made(name: PartName, made: str, values: dict[str, Any]) -> Iterator[Fault]:
    """The faults of a rendered part."""
    if not made.strip():
        yield fault(name, 0, "empty")
    elif name != "subject" and values["link"] not in made:
        yield fault(name, 0, "no_link")
    elif name != "subject" and values.get("unsubscribe", "") not in made:
        yield fault(name, 0, "no_way_out")
    if name == "html":
        yield from read_rendered(made)


def _line(error: Exception) -> int:
    """The template's line that failed; Jinja puts it into the traceback."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>" and frame.lineno
    ]
    return lines[-1] if lines else 0
