"""How an engagement stands, in words: its health, and the task that explains it."""

from collections.abc import Sequence

from rich.table import Table

from commands.catalogue import say
from commands.show import HEALTH_STYLES, cell, console, print_table
from programmes.vocabulary import Health
from services.views.engagements import Engagement, EngagementEntry
from services.views.rows import Task


def who(task: Task) -> str:
    """The name of the task's owner, or the role that is vacant."""
    return task.owner.name if task.owner else say("standing.nobody", role=task.owner_role)


def print_engagements(rows: Sequence[EngagementEntry]) -> None:
    """One line an engagement: where it stands, and why."""
    if not rows:
        print_table(say("engagement.list"), [], [])
        return
    table = Table(title=say("engagement.list"), title_justify="left", header_style="bold")
    for column in ("member", "nation", "programme", "stage", "health", "why", "requests", "id"):
        table.add_column(say(f"column.{column}"), overflow="fold", no_wrap=column == "id")
    for row in rows:
        closed = row.closed_at is not None
        table.add_row(
            cell(row.member.name),
            row.member.nation,
            cell(row.programme.title),
            say(f"stage.{row.stage}"),
            "" if closed else health_cell(row.health),
            "" if closed else cell(row.because),
            str(row.open_requests or ""),
            row.id,
        )
    console().print(table)


def health_cell(health: Health) -> str:
    """The health in words and colour."""
    return f"[{HEALTH_STYLES[health]}]{say(f'health.{health}')}[/]"


def print_engagement(row: Engagement) -> None:
    """All of one engagement: head, items, open tasks."""
    out = console()
    out.print(f"[bold]{cell(row.member.name)}[/], {cell(row.programme.title)}")
    closed = row.closed_at is not None
    standing = say(f"stage.{row.stage}")
    if not closed:
        standing += f", {health_cell(row.health)}. "
        standing += cell(row.because)
    out.print(standing)
    if row.reason:
        out.print(say("engagement.reason", reason=row.reason), markup=False)
    facts = {
        "started": row.started_on,
        "onboarded": row.onboarded_at,
        "closed": row.closed_at,
        "manager": row.manager.name if row.manager else None,
        "adviser": row.adviser.name if row.adviser else None,
    }
    for name, value in facts.items():
        if value:
            out.print(f"  {say(f'column.{name}')}: {cell(value)}")
    print_table(
        say("engagement.items"),
        [say(f"column.{name}") for name in ("item", "stage", "opened", "closed", "outcome", "id")],
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
        say("engagement.tasks"),
        [say(f"column.{name}") for name in ("task", "owner", "due", "health", "id")],
        [
            (
                task.title,
                who(task),
                task.due_at,
                say(f"health.{task.health}"),
                f"{task.item} {task.key}",
            )
            for task in row.tasks
        ],
    )
