"""Repairs the differences that need no decision."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from commands.reconciling.differences import Difference, Look, Seen, differences
from commands.reconciling.last_words import LastWords
from commands.reconciling.reading import Comparison
from programmes.facts import MILEPOST
from programmes.rules import ItemKind
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import CloseItem, EngagementProgress, ItemEnded, ItemProgress, Restate
from workflows.processes.last_words import LOST

ENGAGEMENTS_AT_ONCE = 8
WITHIN_SECONDS = 30.0
"""How long a workflow or the database may take to follow a repair."""

LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Repaired:
    """The differences that were repaired, and those that are left."""

    done: tuple[Difference, ...]
    left: tuple[Difference, ...]


@dataclass
class Repairing:
    """Repairs engagements, several at a time. A repetition changes nothing."""

    comparison: Comparison
    within: float = WITHIN_SECONDS
    _client: Client = field(init=False)
    _last_words: LastWords = field(init=False)

    def __post_init__(self) -> None:
        comparison = self.comparison
        self._client = comparison.client
        self._last_words = LastWords(comparison.database, comparison.client, comparison.task_queue)

    async def repair(self, found: Sequence[Difference]) -> Repaired:
        """Repair these, and the differences that appear after them."""
        places = asyncio.Semaphore(ENGAGEMENTS_AT_ONCE)

        async def repaired(engagement_id: str) -> list[Difference]:
            async with places:
                return await self.engagement(engagement_id)

        ids = dict.fromkeys(one.engagement_id for one in found)
        left = [one for rest in await asyncio.gather(*map(repaired, ids)) for one in rest]
        keys = {one.key for one in left}
        return Repaired(tuple(one for one in found if one.key not in keys), tuple(left))

    async def engagement(self, engagement_id: str) -> list[Difference]:
        """Repair one engagement with its items until nothing is left or time is up. Returns the
        rest."""
        deadline = time.monotonic() + self.within
        tried: set[tuple[str, str, str]] = set()
        while True:
            look = await self.comparison.look(engagement_id)
            found = differences(look, datetime.now(UTC))
            if not any(one.repairable for one in found) or time.monotonic() > deadline:
                return found
            for one in found:
                if one.repairable and one.key not in tried:
                    tried.add(one.key)
                    await self._act(look, one)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _act(self, look: Look, one: Difference) -> None:
        # A text that was lost with a backup makes the database refuse. The difference is then left.
        with contextlib.suppress(IntegrityError):
            match one.trouble:
                case "workflow_gone":
                    await self._item_gone(look, one)
                case "end_unheard":
                    await self._end_unheard(look, one)
                case "copy_behind" | "record_missing":
                    await self._copy_behind(look, one)
                case "copy_ahead":
                    await self._signal(_address(one), "restate", Restate(above=one.recorded))
                case "left_open":
                    assert look.row is not None
                    state = look.row.state
                    close = CloseItem(MILEPOST, state.stage, state.reason)
                    await self._signal(_address(one), "close_item", close)

    async def _copy_behind(self, look: Look, one: Difference) -> None:
        seen = look.items[one.item_id][1] if one.item_id else look.engagement
        if seen.runs:
            await self._signal(_address(one), "restate")
            return
        row = look.row
        assert row is not None
        if isinstance(seen.progress, EngagementProgress):
            await self._last_words.of_ended_engagement(row, seen.progress)
        elif isinstance(seen.progress, ItemProgress):
            await self._last_words.of_ended_item(look.id, row.items[one.item_id], seen.progress)

    async def _item_gone(self, look: Look, one: Difference) -> None:
        kind, _ = look.items[one.item_id]
        await self._last_words.of_lost_item(look.id, one.item_id, kind)
        if one.item_id in look.named:
            now = datetime.now(UTC)
            key = look.named[one.item_id].split(":", 1)[1]
            await self._tell_engagement(look, ItemEnded(one.item_id, kind, key, LOST, now))

    async def _end_unheard(self, look: Look, one: Difference) -> None:
        kind, seen = look.items[one.item_id]
        row = look.row.items.get(one.item_id) if look.row is not None else None
        key = look.named[one.item_id].split(":", 1)[1]
        outcome, at = _end(seen)
        if row is not None:
            outcome, at = row.outcome, row.closed_at
        actions = seen.progress.actions if isinstance(seen.progress, ItemProgress) else ()
        carried = tuple(action for action in actions if not action.done)
        ended = ItemEnded(one.item_id, kind, key, outcome, at or datetime.now(UTC), carried)
        await self._tell_engagement(look, ended)

    async def _tell_engagement(self, look: Look, ended: ItemEnded) -> None:
        await self._signal(engagement_workflow_id(look.id), "item_ended", ended)

    async def _signal(self, workflow_id: str, name: str, message: object = None) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            if message is None:
                await handle.signal(name)
            else:
                await handle.signal(name, message)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise


def _end(seen: Seen) -> tuple[str, datetime | None]:
    """How an item ended that is not in the database."""
    if isinstance(seen.progress, ItemProgress) and seen.progress.closed_at is not None:
        return seen.progress.outcome, seen.progress.closed_at
    return LOST, seen.over_since


def _address(one: Difference) -> str:
    if one.kind == "engagement":
        return engagement_workflow_id(one.engagement_id)
    kind: ItemKind = one.kind
    return item_workflow_id(one.engagement_id, kind, one.item_id)
