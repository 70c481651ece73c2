"""`milepost notifications`: what happened to each email, why, and how to resolve problems."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Annotated

import typer

from commands.outcome import Exit, Stop, ending
from commands.reach import with_backend
from commands.show import AsJson, cell, console, print_json, print_sentence, print_table
from notifications.delivery.ledger import State
from notifications.delivery.resolving import Choice
from notifications.sentences import kind_title
from services.backend import Backend
from services.notifications import resolve_notification
from services.permissions import OPERATOR
from services.problems import Problem, RecordPending
from services.views.explanations import Explanation, explained
from services.views.notifications import (
    Attempt,
    Notification,
    NotificationDetail,
    Trouble,
    notification_row,
    troubles_of,
)
from services.views.notifications import notification as detail_of
from storage.queries.notifications import all_notifications, engagement_notifications
from storage.queries.paging import BadCursor

app = typer.Typer(name="notifications", help="What happened to each email, and why.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The notification's id: ntf_…")]


@app.command("list")
def list_all(
    engagement: Annotated[str | None, typer.Option(help="Only of this engagement, by id.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    troubles: Annotated[
        bool, typer.Option("--troubles", help="Only those that need a decision.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Start after this cursor (`next`).")] = None,
    as_json: AsJson = False,
) -> None:
    """List notifications, the latest change first.

    With --troubles, those that have waited longest come first.
    """
    if sum((engagement is not None, state is not None, troubles)) > 1:
        raise typer.BadParameter("Give only one of --engagement, --state and --troubles.")

    async def read(backend: Backend) -> tuple[Sequence[Notification | Trouble], str | None]:
        try:
            if troubles:
                return await troubles_of(backend, OPERATOR, cursor=after, limit=limit)
            async with backend.database.reading() as session:
                if engagement is not None:
                    page = await engagement_notifications(
                        session, engagement, cursor=after, limit=limit
                    )
                else:
                    page = await all_notifications(session, state=state, cursor=after, limit=limit)
        except BadCursor as bad:
            raise Stop(str(bad), code=Exit.USAGE) from None
        return [notification_row(row) for row in page.rows], page.next

    with ending(as_json):
        rows, further = with_backend(read)
    if as_json:
        shown = [row.model_dump(mode="json") for row in rows]
        print_json({"notifications": shown, "next": further})
        return
    print_table(
        "Notifications",
        ["When", "Kind", "To", "State", "Why", "Id"],
        [
            (
                row.since if isinstance(row, Trouble) else row.changed_at,
                kind_title(row.kind),
                row.recipient.name if row.recipient else "",
                row.state,
                row.reason,
                row.notification if isinstance(row, Trouble) else row.id,
            )
            for row in rows
        ],
    )
    if further:
        print_sentence(f"There are more. For the next page: --after {further}")


@contextmanager
def _named(notification: str) -> Iterator[None]:
    """End the command with the notification's id where there is none of that id."""
    try:
        yield
    except Problem as problem:
        if problem.name != "not-found":
            raise
        raise Stop(
            f"There is no notification {notification!r}. `milepost notifications list` shows all."
        ) from None


@app.command()
def show(notification: Id, as_json: AsJson = False) -> None:
    """Show one notification with its attempts and reports.

    Exit code 1: there is no such notification.
    """

    async def read(backend: Backend) -> NotificationDetail:
        with _named(notification):
            return await detail_of(backend, OPERATOR, notification)

    with ending(as_json):
        detail = with_backend(read)
    if as_json:
        print_json(detail.model_dump(mode="json"))
        return
    _print_detail(detail)


def _print_detail(detail: NotificationDetail) -> None:
    console().print(detail.sentence, markup=False, soft_wrap=True)
    print_table(
        "Attempts",
        ["When", "Last", "Times", "Sender", "Outcome", "Why"],
        _folded(detail.attempts),
    )
    print_table(
        "Delivery reports",
        ["When", "Kind", "Why"],
        [(one.at, one.kind, one.reason) for one in detail.reports],
    )
    if detail.resolution:
        print_sentence(f"Resolved on {cell(detail.resolved_at)}: {detail.resolution}.")
    elif detail.choices:
        choices = ", ".join(detail.choices)
        print_sentence(
            f"To resolve it: `milepost notifications resolve {detail.id}` with one of: {choices}."
        )


def _folded(attempts: Sequence[Attempt]) -> list[tuple[object, ...]]:
    """A line for each run of attempts that came to the same: an outage makes hundreds."""
    lines: list[tuple[object, ...]] = []
    for of, run in groupby(attempts, key=lambda one: (one.sender, one.outcome, one.reason)):
        same, (sender, outcome, why) = list(run), of
        last = same[-1].at if len(same) > 1 else None
        lines.append((same[0].at, last, len(same), sender, outcome, why))
    return lines


@app.command()
def explain(notification: Id, as_json: AsJson = False) -> None:
    """Say why it was sent when it was, or why it was not."""

    async def read(backend: Backend) -> Explanation:
        with _named(notification):
            return await explained(backend, OPERATOR, notification)

    with ending(as_json):
        explanation = with_backend(read)
    if as_json:
        print_json(explanation.model_dump(mode="json"))
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
    """Say that it arrived, have it sent again, or dismiss it.

    Exit code 1: refused, with the reason. 3: Temporal or the database does not answer.
    """

    async def carry_out(backend: Backend) -> NotificationDetail:
        try:
            with _named(notification):
                await resolve_notification(backend, OPERATOR, notification, choice, note)
        except RecordPending:
            raise Stop(
                "This is in progress. Look again in a moment. If it does not finish, run"
                " `milepost doctor`.",
                code=Exit.DOWN,
            ) from None
        return await detail_of(backend, OPERATOR, notification)

    with ending(as_json):
        detail = with_backend(carry_out)
    if as_json:
        print_json(detail.model_dump(mode="json"))
    else:
        _print_detail(detail)
