"""`milepost reconcile`: what the record and the workflows do not agree on, and its repair."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from commands.catalogue import say
from commands.outcome import Exit, ending, with_database
from commands.reconciling.differences import Difference
from commands.reconciling.reading import Comparison, at_temporal
from commands.reconciling.repairing import Mended, Mending
from commands.show import AsJson, print_json, print_line, print_table
from settings import settings
from storage.database import Database

Repair = Annotated[bool, typer.Option("--repair", help="Mend what nobody has to choose about.")]


def reconcile(repair: Repair = False, as_json: AsJson = False) -> None:
    """Compare the database with the workflows, and repair it.

    Run it after a backup was restored, or a workflow was terminated or reset in Temporal.

    Exit code 1: they differ, or a difference is left after the repair. 3: Temporal, its worker or
    the database does not answer.
    """

    async def work(database: Database) -> Mended:
        async with at_temporal(settings(), queries=True) as client:
            comparison = Comparison(database, client, settings().task_queue)
            found = await comparison.everything()
            if repair:
                return await Mending(comparison).mend(found)
            return Mended((), tuple(found))

    with ending(as_json):
        mended = with_database(work)
    if as_json:
        rest = [as_row(one) for one in mended.left]
        done = [as_row(one) for one in mended.done]
        print_json({"ok": not rest, "mended": done, "differences": rest})
    else:
        for one in mended.done:
            print_line("reconcile.mended", of=_of(one), what=_what(one))
        print_left(mended.left, tried=repair)
    raise typer.Exit(Exit.REFUSED if mended.left else Exit.OK)


def print_left(left: Sequence[Difference], *, tried: bool) -> None:
    """What differs, and what to do about each; ``tried`` where the repair came to nothing."""
    if not left:
        print_line("reconcile.nothing")
        return
    columns = [say(f"column.{name}") for name in ("engagement", "item", "difference", "to_do")]
    print_table(
        say("reconcile.title"),
        columns,
        [(one.engagement_id, one.item_id, _what(one), _to_do(one, tried)) for one in left],
    )


def as_row(one: Difference) -> dict[str, object]:
    """One difference for a machine, with its words."""
    return {**asdict(one), "mendable": one.mendable, "what": _what(one)}


def _of(one: Difference) -> str:
    return one.item_id or one.engagement_id


def _what(one: Difference) -> str:
    return say(f"difference.{one.trouble}", recorded=one.recorded, reached=one.reached)


def _to_do(one: Difference, tried: bool) -> str:
    if one.mendable:
        return say("reconcile.not_mended") if tried else say("reconcile.mendable")
    return say(f"to_do.{one.trouble}", id=one.engagement_id, recorded=one.recorded)
