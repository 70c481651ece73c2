"""Engagements as tables: stage, health, and the task that explains it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from commands.show import HEALTH_STYLES, cell, console, print_table
from notifications.sentences import UK, health_sentence
from notifications.titles import Titles, parsed
from notifications.words import item_title, task_words
from programmes.health import Health
from storage.queries.engagement_detail import EngagementDetail
from storage.queries.engagements import EngagementRow
from storage.queries.programmes import show_programme
from storage.queries.rows import ItemRow, Named, TaskRow

Programme = tuple[str, int]
"""A programme's id and version."""


async def titles_by_programme(
    session: AsyncSession, programmes: set[Programme]
) -> Mapping[Programme, Titles]:
    """What each of these programmes calls its parts."""
    titles: dict[Programme, Titles] = {}
    for programme_id, version in programmes:
        row = await show_programme(session, programme_id, version)
        titles[programme_id, version] = (
            parsed(row.source)[1] if row else Titles(programme=programme_id)
        )
    return titles


def reason(health: Health, task: TaskRow | None, titles: Titles) -> str:
    """Why it has this health, in the words of the emails and the API."""
    if task is None:
        return health_sentence(health, UK)
    owner = who(task.owner, task.owner_role)
    return health_sentence(health, UK, task=task_title(task, titles), owner=owner, due=task.due_at)


def task_title(task: TaskRow, titles: Titles) -> str:
    """What the task is called."""
    return task_words(task.family, task.key, titles, task.text).title


def item_name(item: ItemRow, titles: Titles) -> str:
    """What the item is called."""
    return item_title(item.kind, item.key, titles, item.data.get("number", ""))


def who(person: Named | None, role: str) -> str:
    """The person's name, or `no …` with the role that is vacant."""
    return person.name if person and person.name else f"no {role}"


async def print_engagements(session: AsyncSession, rows: Sequence[EngagementRow]) -> None:
    """One line an engagement: where it stands, and why."""
    if not rows:
        print_table("Engagements", [], [])
        return
    titles = await titles_by_programme(
        session, {(row.programme_id, row.programme_version) for row in rows}
    )
    table = Table(title="Engagements", title_justify="left", header_style="bold")
    for column in ("Member", "Nation", "Programme", "Stage", "Health", "Why", "Requests", "Id"):
        table.add_column(column, overflow="fold", no_wrap=column == "Id")
    for row in rows:
        words = titles[row.programme_id, row.programme_version]
        closed = row.closed_at is not None
        table.add_row(
            cell(row.member.name),
            row.member.nation,
            cell(words.programme),
            row.stage,
            "" if closed else health_cell(row.health),
            "" if closed else cell(reason(row.health, row.task, words)),
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


async def print_engagement(session: AsyncSession, detail: EngagementDetail, now: datetime) -> None:
    """All of one engagement: head, items, open tasks."""
    programme = (detail.programme_id, detail.programme_version)
    words = (await titles_by_programme(session, {programme}))[programme]
    out = console()
    out.print(f"[bold]{cell(detail.member.name)}[/], {cell(detail.programme_title)}")
    closed = detail.closed_at is not None
    standing = str(detail.stage)
    if not closed:
        standing += f", {health_cell(detail.health)}. "
        standing += cell(reason(detail.health, detail.task(now), words))
    out.print(standing)
    if detail.reason:
        out.print(f"Reason: {detail.reason}", markup=False)
    facts = {
        "Started": detail.started_on,
        "Onboarded": detail.onboarded_at,
        "Closed": detail.closed_at,
        "Manager": detail.manager.name if detail.manager else None,
        "Adviser": detail.adviser.name if detail.adviser else None,
    }
    for name, value in facts.items():
        if value:
            out.print(f"  {name}: {cell(value)}")
    print_table(
        "Items",
        ["Item", "Stage", "Opened", "Closed", "Outcome", "Id"],
        [
            (
                item_name(item, words),
                item.stage,
                item.opened_at,
                item.closed_at,
                item.outcome,
                item.id,
            )
            for item in detail.items
        ],
    )
    print_table(
        "Open tasks",
        ["Task", "Owner", "Due", "Health", "Id"],
        [
            (
                task_title(task, words),
                who(task.owner, task.owner_role),
                task.due_at,
                health_words(task.health(now)),
                f"{task.item_id} {task.key}",
            )
            for task in detail.tasks
        ],
    )
