"""Goes through everything that is open, on record or in Temporal, and finds what differs."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from temporalio.client import Client

from commands.reconciling.asking import Asking, running
from commands.reconciling.differences import Difference, Look, Seen, confirmed, differences
from programmes.rules import ItemKind
from storage.database import Database
from storage.queries.reconciling import EngagementOnRecord, on_record, unfinished
from workflows.messages import EngagementProgress

PAGE = 100
"""Engagements that are read and looked at together."""

SECOND_LOOK_SECONDS = 5.0
"""When what differs is looked at again: a record that was under way is written by then."""

Listed = Mapping[str, Mapping[str, ItemKind]]
"""Engagement id to the items of it, with their kinds, that Temporal lists as running."""


@dataclass
class Comparison:
    """The record and the workflows of one office."""

    database: Database
    client: Client
    task_queue: str
    _asking: Asking = field(init=False)
    _listed: Listed = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._asking = Asking(self.client)

    async def everything(self) -> list[Difference]:
        """What differs, and still does at a second look a few seconds later."""
        self._listed = await _listed(self.client, self.task_queue)
        first: list[Difference] = []
        async for ids in self._pages():
            first += await self.of(ids)
        if not first:
            return []
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        return confirmed(first, await self.of(list(dict.fromkeys(d.engagement_id for d in first))))

    async def of(self, ids: Sequence[str]) -> list[Difference]:
        """What differs about these engagements at this moment."""
        found = []
        for page in _sliced(ids):
            for look in await self._look_at(page):
                found += differences(look, datetime.now(UTC))
        return found

    async def look(self, engagement_id: str) -> Look:
        """One engagement with its items."""
        return (await self._look_at([engagement_id]))[0]

    async def _pages(self) -> AsyncIterator[Sequence[str]]:
        left = dict.fromkeys(self._listed)
        after = ""
        while True:
            async with self.database.reading() as session:
                ids = await unfinished(session, after, PAGE)
            if not ids:
                break
            for one in ids:
                left.pop(one, None)
            yield ids
            after = ids[-1]
        for page in _sliced(list(left)):
            yield page

    async def _look_at(self, ids: Sequence[str]) -> list[Look]:
        # The record first: what a workflow has written since then only makes it look behind.
        async with self.database.reading() as session:
            rows = await on_record(session, ids)
        return await asyncio.gather(*(self._see(one, rows.get(one)) for one in ids))

    async def _see(self, engagement_id: str, row: EngagementOnRecord | None) -> Look:
        engagement = await self._asking.engagement(engagement_id)
        kinds: dict[str, ItemKind] = dict(self._listed.get(engagement_id, {}))
        if isinstance(engagement.progress, EngagementProgress) and engagement.runs:
            for item_id, name in engagement.progress.items.items():
                kinds[item_id] = cast(ItemKind, name.split(":", 1)[0])
        if row is not None:
            kinds |= {one.id: one.kind for one in row.items.values() if one.closed_at is None}
        seen = await asyncio.gather(
            *(self._asking.item(engagement_id, kind, item_id) for item_id, kind in kinds.items())
        )
        items: dict[str, tuple[ItemKind, Seen]] = {
            item_id: (kind, one) for (item_id, kind), one in zip(kinds.items(), seen, strict=True)
        }
        return Look(engagement_id, row, engagement, items)


async def _listed(client: Client, task_queue: str) -> Listed:
    listed: dict[str, dict[str, ItemKind]] = {}
    async for one in running(client, task_queue):
        its = listed.setdefault(one.engagement_id, {})
        if one.item_id:
            its[one.item_id] = cast(ItemKind, one.kind)
    return listed


def _sliced(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
