"""A plan as a table to read: each item, what is due in it, and who is told what when."""

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from programmes.calendar import Blackout
from programmes.definition import Definition
from programmes.holidays import calendar_for
from programmes.loader import (
    DefinitionErrors,
    built_in_definitions,
    definition_schema,
    load_definition,
)
from programmes.planner import Plan, PlannedDeadline, PlannedItem
from programmes.planner import plan as make_plan
from programmes.vocabulary import Nation

_STYLES = {"reminder": "", "overdue": "yellow", "escalation": "red"}

_ENDS = {"escalate": "stuck", "accept": "accepted by itself", "close": "closed by itself"}

_TASKS = {
    "propose": "Propose dates",
    "confirm": "Confirm a date",
    "agenda": "Send the agenda",
    "session": "Hold the session",
    "notes": "Write up the notes",
    "submit": "Send in the review",
    "sign_off": "Sign off the review",
}


def plan_table(definition: Definition, plan: Plan, zone: str, *, seconds: bool) -> Table:
    """One row for each opening, rung, due date and ladder's end, in the member's time."""
    times = _Times(zone, seconds)
    table = Table(
        title=f"{definition.title}, version {definition.version}: started {plan.start}",
        caption=f"Times are {zone}. Each thing is taken to be done exactly when it is due.",
        pad_edge=False,
    )
    table.add_column("When", no_wrap=True)
    table.add_column("What")
    table.add_column("Who")
    table.add_column("Why")
    for item in plan.items:
        table.add_section()
        table.add_row(times(item.opens_at), Text(_title(definition, item), "bold"), "", "")
        for deadline in item.deadlines:
            _add_deadline(table, definition, item, deadline, times)
    return table


class _Times:
    def __init__(self, zone: str, seconds: bool) -> None:
        self._zone = ZoneInfo(zone)
        self._format = "%a %d %b %Y %H:%M:%S" if seconds else "%a %d %b %Y %H:%M"

    def __call__(self, instant: datetime) -> str:
        return instant.astimezone(self._zone).strftime(self._format)


def _add_deadline(
    table: Table,
    definition: Definition,
    item: PlannedItem,
    deadline: PlannedDeadline,
    times: _Times,
) -> None:
    asked = times(deadline.opens_at) if deadline.opens_at else ""
    table.add_row(asked, f"  {_task(definition, item, deadline)}", deadline.owner, "", style="cyan")
    rows = [
        _Row(deadline.due_at, 1, "due", deadline.owner, deadline.rule, "bold"),
        _Row(deadline.ends_at, 2, _ENDS[deadline.at_end], "", "end of the ladder", "dim"),
    ]
    for rung in deadline.rungs:
        to = ", ".join(dict.fromkeys(deadline.owner if one == "owner" else one for one in rung.to))
        rows.append(_Row(rung.at, 0, rung.says, to, f"rung {rung.name}", _STYLES[rung.says]))
    for row in sorted(rows):
        table.add_row(times(row.at), f"    {row.what}", row.who, row.why, style=row.style)


class _Row(NamedTuple):
    at: datetime
    order: int
    what: str
    who: str
    why: str
    style: str


def _title(definition: Definition, item: PlannedItem) -> str:
    if item.kind == "review":
        return definition.review(item.key).title
    if item.kind == "advice":
        return f"Advice cycle {item.key}"
    return "Onboarding"


def _task(definition: Definition, item: PlannedItem, deadline: PlannedDeadline) -> str:
    if item.kind == "onboarding":
        return definition.step(deadline.key.removeprefix("step:")).title
    return _TASKS[deadline.key]


app = typer.Typer(
    help="Check, preview and store programmes.",
    no_args_is_help=True,
)

HAS_ERRORS = 1

_ENOUGH = timedelta(days=366 * 6)
"""How far ahead days off are looked up: more than any sensible programme lasts."""

_FOR_A_FILE = 132
"""Columns of a table that goes to a file or a pipe."""

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A YAML file, or tour, or another built-in name.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """List every error in a definition.

    Exit code 0: it has none. 1: it has errors. 2: there is no such file.
    """
    text = _text(file)
    try:
        definition = load_definition(text, file)
    except DefinitionErrors as errors:
        _refuse(errors, as_json)
    if as_json:
        _print_json({"file": file, "ok": True, "id": definition.id, "version": definition.version})
        return
    parts = [
        _count(len(definition.onboarding.steps), "onboarding step"),
        _count(len(definition.reviews), "review"),
        _count(len(definition.ladders), "ladder"),
    ]
    _console().print(
        f"✓ {escape(definition.title)}, version {definition.version}: {', '.join(parts)}"
    )


def _count(number: int, of: str) -> str:
    return f"{number} {of}" if number == 1 else f"{number} {of}s"


@app.command()
def plan(
    file: File,
    start: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="The day on which the engagement starts.",
        ),
    ],
    nation: Annotated[
        Nation, typer.Option(case_sensitive=False, help="The nation whose bank holidays apply.")
    ] = "ENG",
    blackout: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIRST:LAST",
            help="A period in which nothing is sent or due, such as 2027-03-22:2027-05-06.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print every deadline and reminder of an engagement, with the rule behind it."""
    text = _text(file)
    quiet = [_blackout(span) for span in blackout or []]
    try:
        definition = load_definition(text, file)
    except DefinitionErrors as errors:
        _refuse(errors, as_json)
    planned, zone = _planned(definition, start, nation, quiet)
    if as_json:
        head = {"programme": definition.id, "version": definition.version, "nation": nation}
        body = TypeAdapter(Plan).dump_python(planned, mode="json")
        _print_json({**head, "zone": zone, **body})
    else:
        always_open = definition.calendar.kind == "always-open"
        _console().print(plan_table(definition, planned, zone, seconds=always_open))


@app.command()
def add(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A YAML file, or the name of a built-in one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Store a version of a programme, so that members can start in it.

    A stored version never changes: give a changed file a higher version.

    Exit code 1: the definition has errors, or this version is stored with other content.
    """
    from commands.programme_versions import add_file  # the database: slow to import

    add_file(file, as_json)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the programmes that are stored, each with its newest version."""
    from commands.programme_versions import list_stored  # the database: slow to import

    list_stored(as_json)


People = Annotated[list[str] | None, typer.Option(help="Id, name or address. Repeatable.")]


@app.command()
def funders(
    programme: Annotated[str, typer.Argument(metavar="ID", help="The programme's id.")],
    add: People = None,
    remove: People = None,
    as_json: AsJson = False,
) -> None:
    """List, add and remove the viewers who represent the funder.

    Only these people get the emails that a definition sends to `funder`.

    Exit code 1: there is no such programme or person, or a person is not a viewer. Then nothing
    is stored.
    """
    from commands.programme_versions import change_funders  # the database: slow to import

    change_funders(programme, add or (), remove or (), as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a definition, for editors."""
    _print_json(definition_schema())


def _planned(
    definition: Definition, start: datetime, nation: Nation, blackouts: list[Blackout]
) -> tuple[Plan, str]:
    day = start.date()
    calendar = calendar_for(definition, nation, first=day, last=day + _ENOUGH, blackouts=blackouts)
    local = start.replace(tzinfo=ZoneInfo(calendar.zone))
    at = local if calendar.always_open else day
    return make_plan(definition.rules(), at, calendar), calendar.zone


def _text(file: str) -> str:
    path = Path(file)
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = f"{file} cannot be read: {error}"
            raise typer.BadParameter(problem, param_hint="FILE") from error
    built_in = dict(built_in_definitions())
    if file in built_in:
        return built_in[file]
    names = ", ".join(built_in)
    problem = f"there is no file {file}, and no built-in programme of that name ({names})"
    raise typer.BadParameter(problem, param_hint="FILE")


def _blackout(span: str) -> Blackout:
    first, _, last = span.partition(":")
    try:
        found = Blackout(date.fromisoformat(first), date.fromisoformat(last or first))
    except ValueError as error:
        problem = "write two days, such as 2027-03-22:2027-05-06"
        raise typer.BadParameter(problem, param_hint="--blackout") from error
    if found.last < found.first:
        raise typer.BadParameter("it ends before it starts", param_hint="--blackout")
    return found


def _refuse(errors: DefinitionErrors, as_json: bool) -> NoReturn:
    if as_json:
        problems = [
            {
                "file": errors.file,
                "line": flaw.line,
                "column": flaw.column,
                "what": flaw.what,
                "fix": flaw.fix,
            }
            for flaw in errors.flaws
        ]
        _print_json({"file": errors.file, "ok": False, "problems": problems})
    else:
        console = _console(stderr=True)
        for flaw in errors.flaws:
            place = escape(f"{errors.file}:{flaw.line}:{flaw.column}")
            console.print(f"[bold]{place}[/]: [red]{escape(flaw.what)}[/]; {escape(flaw.fix)}")
        count = len(errors.flaws)
        console.print(f"{count} error{'' if count == 1 else 's'}")
    raise typer.Exit(HAS_ERRORS)


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _FOR_A_FILE
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=stderr)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
