"""How an engagement stands, in words: its health, and the task that explains it."""

from collections.abc import Sequence

from rich.table import Table

from commands.show import HEALTH_STYLES, cell, console, print_table
from programmes.vocabulary import Health
from services.views.engagements import Engagement, EngagementEntry
from services.views.rows import Task


def who(task: Task) -> str:
    """The name of the task's owner, or the role that is vacant."""
    return task.owner.name if task.owner else f"no {task.owner_role}"


def print_engagements(rows: Sequence[EngagementEntry]) -> None:
    """One line an engagement: where it stands, and why."""
    if not rows:
        print_table("Engagements", [], [])
        return
    table = Table(title="Engagements", title_justify="left", header_style="bold")
    for column in ("Member", "Nation", "Programme", "Stage", "Health", "Why", "Requests", "Id"):
        table.add_column(column, overflow="fold", no_wrap=column == "Id")
    for row in rows:
        closed = row.closed_at is not None
        table.add_row(
            cell(row.member.name),
            row.member.nation,
            cell(row.programme.title),
            row.stage,
            "" if closed else health_cell(row.health),
            "" if closed else cell(row.because),
            str(row.open_requests or ""),
            row.id,
        )
    console().print(table)


def health_words(health: Health) -> str:
    """The health as a user reads it."""
    return health.replace("_", " ")


def health_cell(health: Health) -> str:
    """The health in words and colour."""
    return f"[{HEALTH_STYLES[health]}]{health_words(health)}[/]"


def print_engagement(row: Engagement) -> None:
    """All of one engagement: head, items, open tasks."""
    out = console()
    out.print(f"[bold]{cell(row.member.name)}[/], {cell(row.programme.title)}")
    closed = row.closed_at is not None
    standing = row.stage
    if not closed:
        standing += f", {health_cell(row.health)}. "
        standing += cell(row.because)
    out.print(standing)
    if row.reason:
        out.print(f"Reason: {row.reason}", markup=False)
    facts = {
        "Started": row.started_on,
        "Onboarded": row.onboarded_at,
        "Closed": row.closed_at,
        "Manager": row.manager.name if row.manager else None,
        "Adviser": row.adviser.name if row.adviser else None,
    }
    for name, value in facts.items():
        if value:
            out.print(f"  {name}: {cell(value)}")
    print_table(
        "Items",
        ["Item", "Stage", "Opened", "Closed", "Outcome", "Id"],
        [
            (
                item.title,
                item.stage,
                item.opened_at,
                item.closed_at,
                item.outcome,
                item.id,
            )
            for item in row.items
        ],
    )
    print_table(
        "Open tasks",
        ["Task", "Owner", "Due", "Health", "Id"],
        [
            (
                task.title,
                who(task),
                task.due_at,
                health_words(task.health),
                f"{task.item} {task.key}",
            )
            for task in row.tasks
        ],
    )
