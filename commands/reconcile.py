"""`milepost reconcile`: how the database and the workflows differ, and the repair."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from commands.outcome import Exit, ending
from commands.reach import with_database
from commands.reconciling.differences import Difference
from commands.reconciling.reading import Comparison, at_temporal
from commands.reconciling.repairing import Repaired, Repairing
from commands.show import AsJson, print_json, print_sentence, print_table
from settings import settings
from storage.database import Database

Repair = Annotated[
    bool, typer.Option("--repair", help="Repair every difference that needs no decision.")
]


Nightly = Annotated[
    bool,
    typer.Option(
        "--nightly",
        help="Compare Temporal's lists with the database, and ask only workflows that are suspect.",
    ),
]


def reconcile(repair: Repair = False, nightly: Nightly = False, as_json: AsJson = False) -> None:
    """Compare the database with the workflows, and repair it.

    It asks every open workflow. Run it after a backup was restored, or a workflow was terminated or
    reset in Temporal. With `--nightly` it asks no workflow of a healthy office; docs/deploy.md says
    what that does not see.

    Exit code 1: they differ, or a difference is left after the repair. 3: Temporal, its worker or
    the database does not answer.
    """

    async def work(database: Database) -> Repaired:
        async with at_temporal(settings(), queries=True) as client:
            comparison = Comparison(database, client, settings().task_queue)
            found = await (comparison.nightly() if nightly else comparison.everything())
            if repair:
                return await Repairing(comparison).repair(found)
            return Repaired((), tuple(found))

    with ending(as_json):
        repaired = with_database(work)
    if as_json:
        rest = [as_row(one) for one in repaired.left]
        done = [as_row(one) for one in repaired.done]
        print_json({"ok": not rest, "repaired": done, "differences": rest})
    else:
        for one in repaired.done:
            print_sentence(f"Repaired: {_of(one)}: {_what(one)}")
        print_left(repaired.left, tried=repair)
    raise typer.Exit(Exit.REFUSED if repaired.left else Exit.OK)


def print_left(left: Sequence[Difference], *, tried: bool) -> None:
    """What differs, and what to do about each; ``tried`` where the repair came to nothing."""
    if not left:
        print_sentence("The database and the workflows agree.")
        return
    columns = ["Engagement", "Item", "Difference", "To fix it"]
    print_table(
        "Differences",
        columns,
        [(one.engagement_id, one.item_id, _what(one), _to_do(one, tried)) for one in left],
    )


def as_row(one: Difference) -> dict[str, object]:
    """One difference for a machine, with its words."""
    return {**asdict(one), "repairable": one.repairable, "what": _what(one)}


def _of(one: Difference) -> str:
    return one.item_id or one.engagement_id


def _what(one: Difference) -> str:
    match one.trouble:
        case "workflow_gone":
            return "It is open in the database, and its workflow is gone."
        case "end_unheard":
            return "It has ended, and its engagement has not been told."
        case "copy_behind":
            return (
                f"The database is at step {one.recorded}, and the workflow is ahead at"
                f" {one.reached}."
            )
        case "copy_ahead":
            return (
                f"The database is at step {one.recorded}, and the workflow is back at"
                f" {one.reached}: it was reset, or Temporal was restored to an earlier day."
            )
        case "record_missing":
            return "Its workflow is running, and it is not in the database."
        case "left_open":
            return "It is still running, and its engagement has ended."
        case "stands_still":
            return "Its workflow does not report its state."


def _to_do(one: Difference, tried: bool) -> str:
    if one.repairable:
        if tried:
            return "The repair did not succeed. Read the worker's log, and run it again."
        return "`milepost reconcile --repair` repairs it."
    of = one.engagement_id
    match one.trouble:
        case "record_missing":
            return (
                "Restore a newer backup of the database. Or stop the workflow with `temporal"
                f" workflow terminate --workflow-id engagement/{of}`, then each of its items."
            )
        case "stands_still":
            return (
                "The worker's log says why. Run the previous version, or one with the fault fixed,"
                " then look again."
            )
        case _:
            return (
                f"Choose: `milepost engagement revive {of}` continues it, `milepost engagement"
                f" close {of} --reason …` closes it."
            )
