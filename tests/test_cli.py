"""The list of commands is complete, and each program imports only what its start needs."""

import subprocess
import sys

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner

from cli import EXIT_CODES, Listed, app, listed

LOADED = """
import contextlib, io, sys
import cli
with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
    cli.app(sys.argv[1:])
print(*sorted(sys.modules))
"""
"""Runs the command line in a new interpreter and prints the modules that it has imported."""

HEAVY = {
    *("aiosqlite", "alembic", "asyncio", "babel", "cryptography", "fastapi", "holidays", "httpx"),
    *("icalendar", "jinja2", "psycopg", "pydantic", "pydantic_settings", "ruamel", "sendgrid"),
    *("sqlalchemy", "sqlmodel", "structlog", "temporalio", "uvicorn"),
}
"""Libraries that take long to import, or that only serving needs."""

OURS = {
    *("activities", "api", "commands", "demo", "embedded", "notifications", "observability"),
    *("programmes", "services", "settings", "storage", "temporal", "web", "worker", "workflows"),
}

AT_MOST = 350
"""Modules that `milepost --help` may import. It imported 1,900 when each command was imported."""


def imported(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", LOADED, *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(printed.split())


def test_help_imports_neither_a_command_nor_a_heavy_library() -> None:
    modules = imported("--help")
    rooms = {name.split(".")[0] for name in modules}
    assert not rooms & HEAVY
    assert not rooms & OURS
    assert len(modules) <= AT_MOST


def test_a_plan_imports_no_database_no_temporal_and_no_web_library() -> None:
    modules = imported("programme", "plan", "tour", "--start", "2027-01-04")
    rooms = {name.split(".")[0] for name in modules}
    assert not rooms & {"fastapi", "httpx", "jinja2", "sqlalchemy", "sqlmodel", "temporalio"}
    assert not rooms & {"notifications", "services", "storage", "temporal", "workflows"}


UNUSED_AT_THE_START = {
    *("aiosmtplib", "aiosqlite", "alembic", "cryptography", "css_inline", "holidays", "httpx"),
    *("icalendar", "mako", "psycopg", "sendgrid", "typer", "uvicorn"),
    *("commands", "demo", "embedded", "tests"),
}
"""What a worker and an API import when they first need it, if they do."""


@pytest.mark.parametrize(
    ("program", "others"),
    [
        ("worker", {"api", "email_validator", "fastapi", "services", "starlette", "web"}),
        ("api.main", {"uvloop", "worker"}),
    ],
)
def test_a_program_starts_without_what_it_may_never_use(program: str, others: set[str]) -> None:
    printing = f"import gc, sys, {program}; print(gc.isenabled(), *sys.modules)"
    command = [sys.executable, "-c", printing]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    collects, *modules = printed.split()
    assert collects == "True"
    assert not {name.split(".")[0] for name in modules} & (UNUSED_AT_THE_START | others)


def test_the_help_lists_each_command_and_explains_the_exit_codes() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    for one in listed():
        assert f"│ {one.name} " in shown
        assert str(one.help) in shown
    words = " ".join(shown.split())
    for line in EXIT_CODES.splitlines()[1:]:
        assert " ".join(line.split()) in words


@pytest.mark.parametrize("entry", list(listed()), ids=lambda one: str(one.name))
def test_each_command_loads_and_says_in_one_line_what_it_does(entry: Listed) -> None:
    command = entry.loaded()
    assert command.help
    if not isinstance(command, TyperGroup):
        assert command.help.splitlines()[0] == entry.help
        return
    assert command.commands
    for one in command.commands.values():
        assert one.help
        first = one.help.splitlines()[0]
        assert first.endswith(".")
        assert len(first) <= 78


def test_an_unknown_command_is_refused_with_the_nearest_name() -> None:
    refused = CliRunner().invoke(app, ["engagment", "list"])
    assert refused.exit_code == 2
    assert "'engagement'" in refused.output
