"""`milepost upgrade`: finds out before an upgrade whether running workflows can follow it."""

import asyncio
import logging
from typing import Annotated

import typer

from commands.outcome import Exit, ending
from commands.reconciling.reading import at_temporal
from commands.show import AsJson, print_json, print_sentence, print_table
from commands.upgrading.checking import Checked, Failure, check
from commands.upgrading.running import running, sample
from settings import settings

app = typer.Typer(help="Check an upgrade before it is installed.", no_args_is_help=True)

Sample = Annotated[
    int | None,
    typer.Option(
        "--sample",
        min=1,
        help="Replay at most so many of each kind and stage, from the oldest to the newest. "
        "Without it, all.",
    ),
]


@app.command("check")
def check_all(count: Sample = None, as_json: AsJson = False) -> None:
    """Replay what runs now with this version, before it is deployed.

    Run it from the new version, while the workers of the old one still run. It changes nothing.
    Each workflow has to continue, and to take the decisions again that its history holds. What it
    recorded in the database is not compared, because no history holds that.

    Exit code 1: a workflow would stand still, or decide otherwise. 3: Temporal does not answer.
    """
    # The SDK logs each replay that fails, with a traceback. The report says it in a line.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)

    async def work() -> tuple[int, Checked]:
        async with at_temporal(settings()) as client:
            found = await running(client, settings())
            return len(found), await check(client, sample(found, count or len(found)))

    with ending(as_json):
        found, checked = asyncio.run(work())
    if as_json:
        print_json(
            {
                "ok": not checked.failures,
                "running": found,
                "replayed": checked.replayed,
                "failures": [_as_row(one) for one in checked.failures],
            }
        )
    else:
        _print(found, checked)
    raise typer.Exit(Exit.REFUSED if checked.failures else Exit.OK)


def _print(count: int, checked: Checked) -> None:
    print_sentence(f"{count} workflows are running. {checked.replayed} were replayed.")
    if not checked.failures:
        print_sentence("All of them continue on this version, and decide the same.")
        return
    print_table(
        "Not safe to deploy",
        ["Workflow", "Kind", "Stage", "On this version"],
        [(one.of.workflow_id, one.of.kind, one.of.stage, _what(one)) for one in checked.failures],
    )
    print_sentence(
        f"{len(checked.failures)} of {checked.replayed} workflows would not continue as before. "
        "Keep the old version, and report this to the developers."
    )


def _what(failure: Failure) -> str:
    changed = failure.differences
    if failure.stands_still:
        where = f" at event {failure.event} of its history" if failure.event else ""
        cause = f" Before that, {changed[0]}." if changed else ""
        return f"It would stand still{where}: the code no longer fits the history.{cause}"
    more = f", and {len(changed) - 1} more values" if len(changed) > 1 else ""
    return f"It would continue, and decide otherwise: {changed[0]}{more}."


def _as_row(failure: Failure) -> dict[str, object]:
    return {
        "workflow_id": failure.of.workflow_id,
        "run_id": failure.of.run_id,
        "kind": failure.of.kind,
        "stage": failure.of.stage,
        "problem": "stands_still" if failure.stands_still else "decides_otherwise",
        "what": _what(failure),
        "reason": failure.reason,
        "differences": [
            {
                "decision": str(one.decision),
                "event": one.decision.event,
                "value": one.path,
                "was": one.was,
                "now": one.now,
            }
            for one in failure.differences
        ],
    }
