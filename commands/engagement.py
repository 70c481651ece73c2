"""`milepost engagement`: start, assign, list and show; revive or close one without a workflow."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from json import loads
from typing import Annotated

import typer
from rich.table import Table

from commands.lookup import member_named, no_engagement, person_named
from commands.outcome import Exit, Stop, ending
from commands.reach import with_backend, with_database
from commands.reconcile import as_row, print_left
from commands.reconciling.differences import Difference
from commands.reconciling.lost_engagements import close as close_lost
from commands.reconciling.lost_engagements import revive as revive_lost
from commands.reconciling.reading import Comparison, at_temporal
from commands.show import (
    AsJson,
    cell,
    console,
    print_json,
    print_sentence,
    print_table,
)
from programmes.facts import EngagementStage
from programmes.vocabulary import Health
from services.backend import Backend
from services.engagements import StartOrder, assign_team, start_engagement
from services.permissions import OPERATOR
from services.problems import Problem
from services.views.engagements import Engagement, EngagementEntry, entries, stored_engagement
from services.views.engagements import engagement as engagement_row
from services.views.rows import Task
from services.views.written import written
from settings import settings
from storage.database import Database
from storage.queries.engagement_detail import EngagementDetail
from storage.queries.engagement_order import EngagementFilter
from storage.queries.engagements import list_engagements
from storage.queries.paging import BadCursor

app = typer.Typer(name="engagement", help="Start engagements and see where they stand.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The engagement's id.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day; may be in the past.")]
Reason = Annotated[str, typer.Option(help="Why. The timeline shows it.")]


@app.command()
def start(
    member: Annotated[str, typer.Option(help="The member's id or name.")],
    start: Day,
    programme: Annotated[str, typer.Option(help="The programme's id.")],
    version: Annotated[int | None, typer.Option(help="Defaults to the latest.")] = None,
    manager: Annotated[str | None, typer.Option(help="Id, name or address.")] = None,
    adviser: Annotated[str | None, typer.Option(help="Id, name or address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start a member in a programme.

    The welcome email and the plan follow automatically.

    Exit code 1: refused, with the reason. 3: Temporal or the database does not answer.
    """

    async def begin(backend: Backend) -> dict[str, str]:
        async with backend.database.reading() as session:
            whose = await member_named(session, member)
            people = [
                (await person_named(session, named)).id if named else None
                for named in (manager, adviser)
            ]
        order = StartOrder(whose.id, programme, start.date(), version, *people)
        started = await start_engagement(backend, OPERATOR, order)
        stage = started.answer.stage if started.answer else ""
        return {"id": started.engagement_id, "member": whose.name, "stage": stage}

    with ending(as_json):
        started = with_backend(begin)
    if as_json:
        print_json(started)
    else:
        print_sentence(f"{started['member']} has started: engagement {started['id']}.")


@app.command()
def assign(
    engagement: Id,
    manager: Annotated[
        str | None, typer.Option(help="Who looks after it: id, name or address.")
    ] = None,
    adviser: Annotated[str | None, typer.Option(help="Who advises: id, name or address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give an engagement another manager or adviser.

    They take over its open tasks, and one email tells them.

    Exit code 1: refused, with the reason. 3: the database does not answer.
    """
    if manager is None and adviser is None:
        raise typer.BadParameter("Give --manager, --adviser or both.")

    async def carry_out(backend: Backend) -> Engagement | EngagementDetail:
        async with backend.database.reading() as session:
            new = {
                role: (await person_named(session, named)).id
                for role, named in (("manager", manager), ("adviser", adviser))
                if named is not None
            }
        with _named(engagement):
            await assign_team(backend, OPERATOR, engagement, **new)
            # The sentences need no words of the definition, which takes a while to parse.
            shown = engagement_row if as_json else stored_engagement
            return await shown(backend, OPERATOR, engagement)

    with ending(as_json):
        row = with_backend(carry_out)
    if isinstance(row, Engagement):
        print_json(loads(written(row)))
        return
    for role, holder in (("manager", row.manager), ("adviser", row.adviser)):
        if holder is not None:
            count = sum(1 for task in row.tasks if task.owner and task.owner.id == holder.id)
            verb = "manages" if role == "manager" else "advises"
            print_sentence(f"{holder.name} now {verb} {row.member.name}. Open tasks: {count}.")


@app.command("list")
def list_all(
    stage: Annotated[EngagementStage | None, typer.Option(help="Only those in this stage.")] = None,
    health: Annotated[
        Health | None, typer.Option(help="Only those with this health.", case_sensitive=False)
    ] = None,
    programme: Annotated[str | None, typer.Option(help="The programme's id.")] = None,
    text: Annotated[
        str | None, typer.Option(help="Part of the member's or the manager's name.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 100,
    after: Annotated[str | None, typer.Option(help="Start after this cursor (`next`).")] = None,
    as_json: AsJson = False,
) -> None:
    """List engagements with stage, health, and the task that explains it."""
    where = EngagementFilter(stage=stage, health=health, programme_id=programme, text=text)

    async def read(backend: Backend) -> tuple[list[EngagementEntry], str | None]:
        async with backend.database.reading() as session:
            try:
                page = await list_engagements(
                    session, backend.now(), where=where, cursor=after, limit=limit
                )
            except BadCursor as bad:
                raise Stop(str(bad), code=Exit.USAGE) from None
        return await entries(backend, page.rows, texts=True), page.next

    with ending(as_json):
        rows, further = with_backend(read)
    if as_json:
        print_json({"engagements": loads(written(rows)), "next": further})
        return
    print_engagements(rows)
    if further:
        print_sentence(f"There are more. For the next page: --after {further}")


@app.command()
def show(
    engagement: Id,
    as_json: AsJson = False,
) -> None:
    """Show one engagement with its items and open tasks.

    Exit code 1: there is none of that id.
    """

    async def read(backend: Backend) -> Engagement:
        with _named(engagement):
            return await engagement_row(backend, OPERATOR, engagement)

    with ending(as_json):
        row = with_backend(read)
    if as_json:
        print_json(loads(written(row)))
    else:
        print_engagement(row)


@contextmanager
def _named(engagement: str) -> Iterator[None]:
    """End the command with the engagement's id where there is none of that id."""
    try:
        yield
    except Problem as problem:
        if problem.name != "not-found":
            raise
        raise no_engagement(engagement) from None


@app.command()
def revive(engagement: Id, as_json: AsJson = False) -> None:
    """Continue an engagement whose workflow was terminated or has failed.

    Exit code 1: refused, with the reason; or a difference is left to fix. 3: Temporal, its
    worker or the database does not answer.
    """
    left = _compared(as_json, lambda comparison: revive_lost(comparison, engagement))
    _report(f"Engagement {engagement} continues where it stopped.", engagement, left, as_json)


@app.command()
def close(engagement: Id, reason: Reason, as_json: AsJson = False) -> None:
    """Close an engagement whose workflow is gone, with its items. No email is sent.

    Exit code 1: refused, with the reason; or a difference is left to fix. 3: Temporal, its
    worker or the database does not answer.
    """
    left = _compared(as_json, lambda comparison: close_lost(comparison, engagement, reason))
    _report(
        f"Engagement {engagement} is closed. The member can start again.", engagement, left, as_json
    )


def _compared(
    as_json: bool, work: Callable[[Comparison], Awaitable[list[Difference]]]
) -> list[Difference]:
    async def run(database: Database) -> list[Difference]:
        async with at_temporal(settings(), queries=True) as client:
            return await work(Comparison(database, client, settings().task_queue))

    with ending(as_json):
        return with_database(run)


def _report(sentence: str, engagement: str, left: list[Difference], as_json: bool) -> None:
    if as_json:
        print_json({"id": engagement, "ok": not left, "differences": [as_row(one) for one in left]})
    else:
        print_sentence(sentence)
        if left:
            print_left(left, tried=True)
    raise typer.Exit(Exit.REFUSED if left else Exit.OK)


def _who(task: Task) -> str:
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


HEALTH_STYLES = {"on_track": "green", "due_soon": "yellow", "overdue": "red", "stuck": "bold red"}


def health_cell(health: Health) -> str:
    """The health in words and colour."""
    return f"[{HEALTH_STYLES[health]}]{_words(health)}[/]"


def _words(health: Health) -> str:
    return health.replace("_", " ")


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
            (item.title, item.stage, item.opened_at, item.closed_at, item.outcome, item.id)
            for item in row.items
        ],
    )
    print_table(
        "Open tasks",
        ["Task", "Owner", "Due", "Health", "Id"],
        [
            (task.title, _who(task), task.due_at, _words(task.health), f"{task.item} {task.key}")
            for task in row.tasks
        ],
    )
