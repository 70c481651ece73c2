"""`milepost renew`: restarts the running workflows on this version's code."""

import asyncio
import contextlib
from typing import Annotated, Any

import typer
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from commands.outcome import ending
from commands.reconciling.reading import AT_ONCE, at_temporal, running, workflow_id
from commands.show import AsJson, print_json, print_sentence
from settings import settings
from workflows.ids import WorkflowAddress

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only count the workflows that would restart.")
]

SETTLES_WITHIN_SECONDS = 5.0
LOOK_EVERY_SECONDS = 0.2


def renew(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Restart all workflows after an upgrade.

    Each one keeps its state, and restarts once its current work finishes. You can run it again.

    Exit code 3: Temporal does not answer.
    """

    async def work() -> int:
        async with at_temporal(settings()) as client:
            if dry_run:
                return len([one async for one in running(client, settings().task_queue)])
            return await ask_all(client, settings().task_queue)

    with ending(as_json):
        count = asyncio.run(work())
    if as_json:
        print_json({"asked": 0 if dry_run else count, "running": count})
    else:
        print_sentence(
            f"{count} workflows are running and would restart."
            if dry_run
            else (
                f"{count} workflows were asked to restart. Each restarts once its current work"
                " finishes."
            )
        )


async def ask_all(client: Client, task_queue: str) -> int:
    """Ask every running workflow to restart. Returns how many there were.

    A few at a time: a worker that restarts all at once delays all of them.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(one: WorkflowAddress) -> int:
        handle = client.get_workflow_handle(workflow_id(one))
        async with places:
            try:
                before = (await handle.describe()).run_id
                await handle.signal("begin_anew")
                await _until_anew(handle, before)
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise
                return 0  # it ended in the meantime
        return 1

    found = [one async for one in running(client, task_queue)]
    return sum(await asyncio.gather(*map(ask, found)))


async def _until_anew(handle: WorkflowHandle[Any, Any], before: str | None) -> None:
    """Wait until it has restarted, or for as long as that takes where it is idle."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLES_WITHIN_SECONDS):
            while (await handle.describe()).run_id == before:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_SECONDS)
