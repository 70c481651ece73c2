"""Every command, argument and option, from the command line itself."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from cli import Listed, app
from tools.docs.markdown import choice, code, table

SECTIONS = {
    "Run Milepost": ("up", "demo", "api", "worker", "migrate", "doctor"),
    "Upgrades and restores": ("upgrade", "renew", "reconcile", "schedules"),
    "Programmes": ("programme",),
    "Members and people": ("member", "person", "token"),
    "Engagements": ("engagement",),
    "Emails": ("notifications", "mailbox", "template", "choices", "calendar"),
}
MORE = "More"
"""The section of commands that no other one names."""

WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "path",
    datetime: "day: `2026-12-14`",
}


def render() -> str:
    """A section for each group of commands, a table for each command."""
    commands = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = {name for names in SECTIONS.values() for name in names}
    sections = SECTIONS | {MORE: tuple(name for name in commands if name not in named)}
    parts = []
    for heading, names in sections.items():
        found = [one for name in names for one in _commands(("milepost", name), commands[name])]
        if found:
            parts += [f"## {heading}", *(_command(path, command) for path, command in found)]
    return "\n\n".join(parts)


def _commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The commands of a group, or the command itself."""
    if isinstance(command, Listed):
        command = command.loaded()
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from _commands((*path, name), inner)


def _command(path: tuple[str, ...], command: Any) -> str:
    shown = [param for param in command.params if not param.hidden]
    usage = " ".join((*path, *(_usage(param) for param in shown)))
    rows = [_row(param) for param in shown]
    # Exit codes are a paragraph of their own, wherever the help has them.
    text = re.sub(r"\s+(Exit code \d)", r"\n\n\1", command.help or "")
    texts = [" ".join(part.split()) for part in text.split("\n\n")]
    if not texts[0] or not all(row[-1] for row in rows):
        raise ValueError(f"{' '.join(path)}: the command or a parameter of it has no help")
    heads = ("argument or option", "value", "default", "what it is")
    tables = [table(heads, rows)] if rows else []
    return "\n\n".join((f"### `{' '.join(path)}`", *texts, f"```\n{usage}\n```", *tables))


def _usage(param: Any) -> str:
    if param.param_type_name == "argument":
        return _name(param) if param.required else f"[{_name(param)}]"
    option = param.opts[0] if param.is_flag else f"{param.opts[0]} {_name(param)}"
    return option if param.required else f"[{option}]{'…' if param.multiple else ''}"


def _name(param: Any) -> str:
    return str(param.metavar or param.name.upper().replace("_", "-"))


def _row(param: Any) -> tuple[str, ...]:
    is_argument = param.param_type_name == "argument"
    names = [_name(param)] if is_argument else [*param.opts, *param.secondary_opts]
    return (", ".join(code(name) for name in names), _value(param), _default(param), param.help)


def _value(param: Any) -> str:
    if getattr(param, "is_flag", False):
        return ""
    annotation = param.type_descriptor.annotation
    if get_origin(annotation) is list:
        annotation = get_args(annotation)[0]
    is_choice = get_origin(annotation) is Literal
    words = choice(get_args(annotation)) if is_choice else WORDS[annotation]
    return f"{words}; repeatable" if param.multiple else words


def _default(param: Any) -> str:
    if param.required:
        return "required"
    return "" if param.default in (None, False, "") else code(param.default)
