"""`milepost upgrade`: whether running workflows can follow, and which build new work goes to."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from commands.outcome import Exit, Stop, ending
from commands.reconciling.reading import at_temporal
from commands.show import AsJson, print_json, print_sentence, print_table
from commands.upgrading.checking import Checked, Failure, check
from commands.upgrading.running import running, sample
from settings import settings
from temporal.builds import Build, UnknownBuild, builds, set_current, without_build

app = typer.Typer(help="Check an upgrade, and move the work to it.", no_args_is_help=True)

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

    async def work() -> tuple[int, Checked]:
        async with at_temporal(settings()) as client:
            found = await running(client, settings())
            return len(found), await check(client, sample(found, count or len(found)))

    with ending(as_json), _quiet_sdk():
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


@contextmanager
def _quiet_sdk() -> Iterator[None]:
    """The SDK logs each replay that fails, with a traceback. The report says it in a line."""
    log = logging.getLogger("temporalio")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@app.command("builds")
def list_builds(as_json: AsJson = False) -> None:
    """List the builds of the worker, and how many workflows run on each.

    Counts are a few seconds old.

    Exit code 3: Temporal does not answer.
    """

    async def work() -> tuple[list[Build], int]:
        async with at_temporal(settings()) as client:
            queue = settings().task_queue
            return await builds(client, queue), await without_build(client, queue)

    with ending(as_json):
        found, bare = asyncio.run(work())
    if as_json:
        print_json({"builds": found, "without_build": bare})
        return
    rows = [(one.id, one.running, _state(one)) for one in found]
    if bare:
        rows.append(("none", bare, "Began on workers without a build."))
    print_table("Builds", ["Build", "Running workflows", "State"], rows)


@app.command("set-current")
def make_current(
    build: Annotated[str, typer.Argument(help="The build, as MILEPOST_BUILD of its workers says.")],
    as_json: AsJson = False,
) -> None:
    """Send new work to a build, once its workers run.

    New workflows begin on it, and those that restart continue on it. `milepost renew` restarts all
    of them. You can set an earlier build again.

    Exit code 1: no worker of this build has run yet. 3: Temporal does not answer.
    """

    async def work() -> str:
        async with at_temporal(settings()) as client:
            try:
                return await set_current(client, settings().task_queue, build)
            except UnknownBuild:
                raise Stop(
                    f"No worker of build {build} has run yet. "
                    f"Start one with MILEPOST_BUILD={build}."
                ) from None

    with ending(as_json):
        before = asyncio.run(work())
    if as_json:
        print_json({"current": build, "before": before or None})
    else:
        print_sentence(f"New work goes to build {build}. Move the rest with `milepost renew`.")


def _state(build: Build) -> str:
    if build.current:
        return "New work goes to it."
    return "Finishing its work." if build.running else "Nothing runs on it: stop its workers."


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
