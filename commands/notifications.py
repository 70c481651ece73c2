"""`milepost notifications`: what became of each email, why, and what to do about trouble."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Annotated

import typer

from commands.catalogue import say
from commands.engagement import OPERATOR, stop_for
from commands.outcome import Exit, Stop, ending, temporal_overrides, with_database
from commands.show import AsJson, cell, console, print_json, print_line, print_table
from notifications.delivery.states import Choice, State, choices_of
from notifications.explain.evidence import Evidence, read_evidence
from notifications.explain.explanation import explain as explained
from notifications.sentences import kind_title, notification_sentence, reason_sentence
from services.backend import Backend, utc_now
from services.notifications import resolve_notification
from services.problems import Problem, RecordPending
from settings import settings
from storage.database import Database
from storage.queries.notifications import (
    Attempt,
    NotificationDetail,
    NotificationRow,
    all_notifications,
    engagement_notifications,
    show_notification,
)
from storage.queries.paging import BadCursor
from storage.queries.troubles import TroubleRow, list_troubles, reason_of
from temporal.connection import LazyTemporal

app = typer.Typer(name="notifications", help="What became of each email, and why.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The notification's id: ntf_…")]


@app.command("list")
def list_all(
    engagement: Annotated[str | None, typer.Option(help="Only of this engagement, by id.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    troubles: Annotated[
        bool, typer.Option("--troubles", help="Only those that somebody has to look at.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Go on after this page's `next`.")] = None,
    as_json: AsJson = False,
) -> None:
    """List notifications, the latest change first; with --troubles the longest waiting first."""
    if sum((engagement is not None, state is not None, troubles)) > 1:
        raise typer.BadParameter(say("notifications.one_filter"))

    async def read(database: Database) -> None:
        async with database.reading() as session:
            try:
                if troubles:
                    wait = timedelta(seconds=settings().unknown_after)
                    found = await list_troubles(session, utc_now(), wait, cursor=after, limit=limit)
                    _show(found.rows, found.next, as_json)
                    return
                if engagement is not None:
                    page = await engagement_notifications(
                        session, engagement, cursor=after, limit=limit
                    )
                else:
                    page = await all_notifications(session, state=state, cursor=after, limit=limit)
            except BadCursor as bad:
                raise Stop(str(bad), code=Exit.USAGE) from None
        _show(page.rows, page.next, as_json)

    with ending(as_json):
        with_database(read)


def _show(
    rows: tuple[NotificationRow, ...] | tuple[TroubleRow, ...], next: str | None, as_json: bool
) -> None:
    if as_json:
        print_json({"notifications": rows, "next": next})
        return
    print_table(
        say("notifications.list"),
        [say(f"column.{name}") for name in ("at", "kind", "to", "state", "why", "id")],
        [
            (
                row.since if isinstance(row, TroubleRow) else row.changed_at,
                kind_title(row.kind),
                row.recipient.name,
                row.state,
                reason_sentence(row.reason),
                row.id,
            )
            for row in rows
        ],
    )
    if next:
        print_line("engagement.more", next=next)


@app.command()
def show(notification: Id, as_json: AsJson = False) -> None:
    """Show one notification with its attempts and reports. Exit code 1: there is none."""

    async def read(database: Database) -> NotificationDetail:
        async with database.reading() as session:
            detail = await show_notification(session, notification)
        if detail is None:
            raise Stop(say("notifications.none", id=notification))
        return detail

    with ending(as_json):
        detail = with_database(read)
    if as_json:
        print_json(detail)
        return
    _print_detail(detail)


def _print_detail(detail: NotificationDetail) -> None:
    row, out = replace(detail.row, reason=reason_of(detail.row, utc_now())), console()
    sentence = notification_sentence(row.kind, row.state, row.reason, row.recipient.name)
    out.print(sentence, markup=False, soft_wrap=True)
    print_table(
        say("notifications.attempts"),
        [say(f"column.{name}") for name in ("at", "until", "times", "sender", "outcome", "why")],
        _folded(detail.attempts),
    )
    print_table(
        say("notifications.reports"),
        [say(f"column.{name}") for name in ("at", "kind", "why")],
        [(one.at, one.kind, reason_sentence(one.code)) for one in detail.reports],
    )
    if detail.resolution:
        said = {"choice": detail.resolution, "at": cell(detail.resolved_at)}
        print_line("notifications.resolution", **said)
    elif choices := choices_of(row.state, row.reason):
        print_line("notifications.choices", choices=", ".join(choices), id=row.id)


def _folded(attempts: Sequence[Attempt]) -> list[tuple[object, ...]]:
    """A line for each run of attempts that came to the same: an outage makes hundreds."""
    lines: list[tuple[object, ...]] = []
    for of, run in groupby(attempts, key=lambda one: (one.sender, one.outcome, one.detail)):
        same, (sender, outcome, why) = list(run), of
        last = same[-1].at if len(same) > 1 else None
        lines.append((same[0].at, last, len(same), sender, outcome, reason_sentence(why)))
    return lines


@app.command()
def explain(notification: Id, as_json: AsJson = False) -> None:
    """Say why it was sent when it was, or why it was not."""

    async def read(database: Database) -> Evidence:
        async with database.reading() as session:
            evidence = await read_evidence(session, notification)
        if evidence is None:
            raise Stop(say("notifications.none", id=notification))
        return evidence

    with ending(as_json):
        explanation = explained(with_database(read))
    if as_json:
        print_json(explanation)
        return
    for sentence in explanation.sentences:
        console().print(sentence, markup=False, soft_wrap=True)


@app.command()
def resolve(
    notification: Id,
    choice: Annotated[Choice, typer.Argument(help="What you have found out, or want.")],
    note: Annotated[str | None, typer.Option(help="How you know, or why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say that it arrived, have it sent again, or let it rest.

    Exit code 1: refused, with the reason. 3: Temporal or the database does not answer.
    """

    async def carry_out(database: Database) -> NotificationDetail:
        backend = Backend(database, LazyTemporal(temporal_overrides(settings())), settings())
        try:
            await resolve_notification(backend, OPERATOR, notification, choice, note)
        except Problem as problem:
            if problem.name == "not-found":
                raise Stop(say("notifications.none", id=notification)) from None
            raise stop_for(problem) from None
        except RecordPending:
            raise Stop(say("notifications.pending"), code=Exit.DOWN) from None
        async with database.reading() as session:
            detail = await show_notification(session, notification)
        assert detail is not None
        return detail

    with ending(as_json):
        detail = with_database(carry_out)
    if as_json:
        print_json(detail)
    else:
        _print_detail(detail)
