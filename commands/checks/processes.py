"""Check of the workflows behind what is open: one that fails at its work stands still, alone.

A worker that fails at a step is asked again and again, and nothing else shows it: the reading copy
keeps the state of before. Only a look at each workflow tells, so the number of looks is bounded.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from temporalio.client import Client
from temporalio.service import RPCError

from commands.checks.finding import Finding, found
from programmes.rules import ItemKind
from settings import Settings
from storage.database import Database
from storage.queries.open_processes import OpenProcess, open_processes
from workflows.ids import engagement_workflow_id, item_workflow_id

AT_MOST = 1000
"""Workflows that are looked at: a look takes a request to Temporal."""

AT_ONCE = 20
WITHIN_SECONDS = 10.0
ANSWER_WITHIN = timedelta(seconds=5)

FAILS = 3
"""From this attempt on: a worker that died in the middle of a step accounts for a second one."""

NAMED = 5
"""How many are named; the others are counted."""


@dataclass
class Looks:
    """What was seen until the time was over."""

    looked: int = 0
    failing: list[str] = field(default_factory=list)
    """Workflow ids."""


async def check_processes(settings: Settings, client: Client, *, at_most: int = AT_MOST) -> Finding:
    """Whether a workflow fails at the same step again and again, among the longest overdue."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            opened = await open_processes(session, at_most)
    finally:
        await database.dispose()
    looks = await _look(client, [_workflow_id(one) for one in opened.first])
    values: dict[str, object] = {"looked": looks.looked, "total": opened.total}
    if looks.failing:
        values |= {"count": len(looks.failing), "names": _names(looks.failing)}
        return found("workflows", "problem", "workflows_fail", **values)
    if opened.total and not looks.looked:
        return found("workflows", "notice", "workflows_unseen", **values)
    return found("workflows", "ok", "workflows", **values)


async def _look(client: Client, workflow_ids: list[str]) -> Looks:
    looks = Looks()
    places = asyncio.Semaphore(AT_ONCE)

    async def look(workflow_id: str) -> None:
        async with places:
            try:
                handle = client.get_workflow_handle(workflow_id)
                described = await handle.describe(rpc_timeout=ANSWER_WITHIN)
            except RPCError:
                # It has not begun, or is forgotten; or Temporal is away, and has a finding for it.
                return
        looks.looked += 1
        if described.raw_description.pending_workflow_task.attempt >= FAILS:
            looks.failing.append(workflow_id)

    try:
        async with asyncio.timeout(WITHIN_SECONDS), asyncio.TaskGroup() as looking:
            for one in workflow_ids:
                looking.create_task(look(one))
    except TimeoutError:
        pass  # what was seen by then counts
    return looks


def _workflow_id(one: OpenProcess) -> str:
    if one.item_id:
        return item_workflow_id(one.engagement_id, cast(ItemKind, one.kind), one.item_id)
    return engagement_workflow_id(one.engagement_id)


def _names(failing: list[str]) -> str:
    first = sorted(failing)[:NAMED]
    return ", ".join(first) + (" …" if len(failing) > len(first) else "")
