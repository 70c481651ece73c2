"""`milepost engagement revive` and `close`, for an engagement whose workflow is gone."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from commands.engagement import app
from commands.outcome import Exit, ending, with_database
from commands.reconcile import as_row, print_left
from commands.reconciling.differences import Difference
from commands.reconciling.lost_engagements import close as close_lost
from commands.reconciling.lost_engagements import revive as revive_lost
from commands.reconciling.reading import Comparison, at_temporal
from commands.show import AsJson, print_json, print_sentence
from settings import settings
from storage.database import Database

Id = Annotated[str, typer.Argument(metavar="ID", help="The engagement's id.")]
Reason = Annotated[str, typer.Option(help="Why. The timeline shows it.")]


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
