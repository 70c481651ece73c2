"""A plan as a table to read: each item, what is due in it, and who hears what when."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from programmes.definition import Definition
from programmes.planner import Plan, PlannedDeadline, PlannedItem
from programmes.sentences import say

_STYLES = {"reminder": "", "overdue": "yellow", "escalation": "red"}


def plan_table(definition: Definition, plan: Plan, zone: str, *, seconds: bool) -> Table:
    """One row for each opening, rung, due date and ladder's end, in the member's time."""
    times = _Times(zone, seconds)
    table = Table(
        title=say(
            "table.title", title=definition.title, version=definition.version, day=plan.start
        ),
        caption=say("table.caption", zone=zone),
        pad_edge=False,
    )
    table.add_column(say("table.when"), no_wrap=True)
    table.add_column(say("table.what"))
    table.add_column(say("table.who"))
    table.add_column(say("table.why"))
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
        _Row(deadline.due_at, 1, say("table.due"), deadline.owner, deadline.rule, "bold"),
        _Row(deadline.ends_at, 2, say(f"table.{deadline.at_end}"), "", say("table.ladder"), "dim"),
    ]
    for rung in deadline.rungs:
        to = ", ".join(deadline.owner if one == "owner" else one for one in rung.to)
        what, why = say(f"table.{rung.says}"), say("table.rung", name=rung.name)
        rows.append(_Row(rung.at, 0, what, to, why, _STYLES[rung.says]))
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
        return say("table.advice", number=item.key)
    return say("table.onboarding")


def _task(definition: Definition, item: PlannedItem, deadline: PlannedDeadline) -> str:
    if item.kind == "onboarding":
        return definition.step(deadline.key.removeprefix("step:")).title
    return say(f"table.{deadline.key}")
