"""The check of the worker's builds: new work has one to go to, and old ones are not forgotten."""

from collections.abc import Sequence

from temporalio.client import Client
from temporalio.service import RPCError

from commands.checks.machine import Finding
from temporal.builds import Build, builds


async def check_builds(client: Client, task_queue: str) -> list[Finding]:
    """What to do about the builds. Nothing to say where no worker has one."""
    try:
        return judge(await builds(client, task_queue))
    except RPCError:
        # An older server, or a key that may not ask.
        return []


def judge(found: Sequence[Build]) -> list[Finding]:
    """The finding about these builds."""
    if not found:
        return []
    if not any(one.current for one in found):
        return [
            Finding(
                "builds",
                "problem",
                "No build is current, so workers with MILEPOST_BUILD get no new work.",
                f"Run `milepost upgrade set-current {found[0].id}`.",
            )
        ]
    behind = [one for one in found if one.running and not one.current]
    if behind:
        counts = ", ".join(f"{one.running} on {one.id}" for one in behind)
        return [
            Finding(
                "builds",
                "notice",
                f"Workflows still run on earlier builds: {counts}.",
                "Keep the workers of these builds. `milepost renew` moves the workflows.",
            )
        ]
    return [Finding("builds", "ok", f"New work goes to {_current(found)}")]


def _current(found: Sequence[Build]) -> str:
    return next(one.id for one in found if one.current)
