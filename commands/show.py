"""How commands print: tables and sentences for users, JSON for programs."""

import dataclasses
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

ZONE = ZoneInfo("Europe/London")
"""The zone in which the command line shows instants: the members', wherever it runs."""

FOR_A_FILE = 132
"""Columns of a table that goes to a file or a pipe."""


def console() -> Console:
    """Standard output. A new one each time, because tests replace it."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else FOR_A_FILE
    return _Terminal(highlight=False, width=width)


def print_json(value: object) -> None:
    """Print JSON on standard output. The command prints nothing else there."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: Any) -> Any:
    """The value as JSON knows it: dataclasses as objects, instants and days in ISO form."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    match value:
        case Mapping():
            return {str(key): plain(held) for key, held in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(held) for held in value]
        case datetime() | date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table, or the sentence that there is nothing to show."""
    if not rows:
        console().print(f"{title}: nothing to show.", markup=False)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        # Users copy ids, so they stay on one line.
        table.add_column(column, overflow="fold", no_wrap=column == "Id")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console().print(table)


def print_sentence(sentence: str) -> None:
    """One sentence on standard output, on one line however long it is."""
    console().print(sentence, markup=False, soft_wrap=True)


def cell(value: object) -> str:
    """What a table shows for a value; markup in it is shown as it is written."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return f"{value.astimezone(ZONE):%a %d %b %Y %H:%M}"
        case date():
            return f"{value:%a %d %b %Y}"
        case _:
            return escape(visible(str(value)))


def visible(text: str) -> str:
    """The text without control characters, which could recolour or retitle a terminal, and without
    marks that turn the direction of what follows. Line ends and tabs stay."""
    return "".join("\ufffd" if _HIDDEN.match(character) else character for character in text)


_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class _Terminal(Console):
    """Prints no control character of a text that a person has written."""

    def print(self, *objects: Any, **how: Any) -> None:
        shown = (visible(one) if isinstance(one, str) else one for one in objects)
        super().print(*shown, **how)
