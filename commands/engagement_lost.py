"""`milepost engagement revive` and `close`: what becomes of one whose workflow is gone."""

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
from commands.show import AsJson, print_json, print_line
from settings import settings
from storage.database import Database

Id = Annotated[str, typer.Argument(metavar="ID", help="The engagement's id.")]
Reason = Annotated[str, typer.Option(help="Why; it stands on the timeline.")]


@app.command()
def revive(engagement: Id, as_json: AsJson = False) -> None:
    """Take up an engagement whose workflow was ended by hand, or has failed, where it was.

    Exit code 1: refused, with the reason; or something is left to mend. 3: Temporal, its worker or
    the database does not answer.
    """
    left = _compared(as_json, lambda comparison: revive_lost(comparison, engagement))
    _report("engagement.revived", engagement, left, as_json)


@app.command()
def close(engagement: Id, reason: Reason, as_json: AsJson = False) -> None:
    """Close an engagement whose workflow is gone, with its items. Nobody is told by email.

    Exit code 1: refused, with the reason; or something is left to mend. 3: Temporal, its worker or
    the database does not answer.
    """
    left = _compared(as_json, lambda comparison: close_lost(comparison, engagement, reason))
    _report("engagement.closed", engagement, left, as_json)


def _compared(
    as_json: bool, work: Callable[[Comparison], Awaitable[list[Difference]]]
) -> list[Difference]:
    async def run(database: Database) -> list[Difference]:
        async with at_temporal(settings(), queries=True) as client:
            return await work(Comparison(database, client, settings().task_queue))

    with ending(as_json):
        return with_database(run)


def _report(key: str, engagement: str, left: list[Difference], as_json: bool) -> None:
    if as_json:
        print_json({"id": engagement, "ok": not left, "differences": [as_row(one) for one in left]})
    else:
        print_line(key, id=engagement)
        if left:
            print_left(left, tried=True)
    raise typer.Exit(Exit.REFUSED if left else Exit.OK)
