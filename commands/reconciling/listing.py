"""Which engagements the nightly comparison suspects: by Temporal's lists, without any query.

A query is billed by Temporal Cloud, and makes a worker replay the workflow. A list and a
description are neither. So at night a workflow is asked only where the list and the database
disagree, or where a run was cut off. It is also asked where a step keeps failing behind an overdue
task.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from programmes.rules import ItemKind
from storage.queries.reconciling import EngagementOnRecord, OpenProcess
from workflows.ids import WorkflowAddress, engagement_workflow_id, item_workflow_id

OVERDUE_AFTER = timedelta(days=1)
"""A task overdue for longer is reason enough to describe its workflows."""


@dataclass(frozen=True)
class Listing:
    """What Temporal lists of this office."""

    engagements: frozenset[str]
    """The engagements that run."""
    items: Mapping[str, Mapping[str, ItemKind]]
    """Engagement id to the items of it that run, with their kinds."""
    cut_off: frozenset[tuple[str, str]]
    """Engagement and item id of runs that were terminated, failed or timed out. A reset terminates
    a run, too. The item id is empty for an engagement."""

    @classmethod
    def of(
        cls, running: Iterable[WorkflowAddress], cut_off: Iterable[WorkflowAddress]
    ) -> "Listing":
        """Sorts what was listed."""
        engagements: set[str] = set()
        items: dict[str, dict[str, ItemKind]] = {}
        for one in running:
            its = items.setdefault(one.engagement_id, {})
            if one.item_id:
                its[one.item_id] = cast(ItemKind, one.kind)
            else:
                engagements.add(one.engagement_id)
        cut = frozenset((one.engagement_id, one.item_id or "") for one in cut_off)
        return cls(frozenset(engagements), items, cut)


def is_suspect(listing: Listing, engagement_id: str, row: EngagementOnRecord | None) -> bool:
    """Whether the list and the database disagree about an engagement or one of its items, or a run
    of what is open was cut off."""
    runs = engagement_id in listing.engagements
    running = frozenset(listing.items.get(engagement_id, ()))
    if row is None:
        return runs or bool(running)
    open_items = frozenset(id for id, item in row.items.items() if item.closed_at is None)
    is_open = row.closed_at is None
    if running != open_items or (open_items and not is_open):
        return True
    # An interrupted start leaves a row without a workflow; the member's next start removes it.
    if runs != is_open and not (row.pending and not runs):
        return True
    opened = {"", *open_items} if runs else open_items
    return any((engagement_id, id) in listing.cut_off for id in opened)


async def failing(client: Client, of: Sequence[OpenProcess], *, fails: int) -> list[str]:
    """The engagements with a process whose current step has failed so often. One description a
    process; no query."""
    places = asyncio.Semaphore(16)

    async def fails_now(one: OpenProcess) -> bool:
        id = engagement_workflow_id(one.engagement_id)
        if one.item_id:
            id = item_workflow_id(one.engagement_id, cast(ItemKind, one.kind), one.item_id)
        async with places:
            try:
                described = await client.get_workflow_handle(id).describe()
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return True
                raise
        return bool(described.raw_description.pending_workflow_task.attempt >= fails)

    found = await asyncio.gather(*map(fails_now, of))
    return [one.engagement_id for one, yes in zip(of, found, strict=True) if yes]
