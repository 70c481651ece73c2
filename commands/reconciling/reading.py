"""Reads the state of workflows from Temporal: several at once, each within a few seconds."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from commands.checks.temporal import has_pollers
from commands.outcome import Exit, Stop
from commands.reach import reach_temporal
from commands.reconciling.differences import Difference, Look, Seen, confirmed, differences
from commands.reconciling.listing import OVERDUE_AFTER, Listing, failing, is_suspect
from programmes.rules import ItemKind
from settings import Settings
from storage.database import Database
from storage.queries.reconciling import (
    EngagementOnRecord,
    on_record,
    overdue_processes,
    unfinished,
)
from workflows.ids import (
    WorkflowAddress,
    engagement_workflow_id,
    item_workflow_id,
    parse_workflow_id,
)
from workflows.messages import EngagementProgress, ItemProgress

TYPES = ("Engagement", "Onboarding", "ResearchRequest", "AdviceCycle", "ReviewMilestone")
"""The workflows that have a read model."""

AT_ONCE = 16
"""Requests to Temporal that are under way together."""

CONNECT_WITHIN_SECONDS = 5.0
DESCRIBE_WITHIN = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=10)
"""How long a workflow may take to report its state. A worker may have to replay its history."""

FAILS = 3
"""Attempts at one step that count as failing. A worker that died in a step accounts for two."""

BY_ITSELF = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.CANCELED)

CUT_OFF = ("Terminated", "Failed", "TimedOut")
"""How Temporal lists a run that did not end by itself. A reset terminates the run before it."""

DUMB = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.NOT_FOUND,
    }
)
"""How the server says that a workflow did not answer, or has no worker."""

AWAY = frozenset(
    {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
)


@asynccontextmanager
async def at_temporal(settings: Settings, *, queries: bool = False) -> AsyncIterator[Client]:
    """A client for the block. Raises Stop where Temporal does not answer. With ``queries``, also
    where no worker is there to answer for the workflows."""
    try:
        async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
            client = await reach_temporal(settings)
    except (RuntimeError, RPCError, TimeoutError):
        raise _down() from None
    try:
        if queries and not await has_pollers(client, settings.task_queue, "workflow"):
            raise Stop(
                f"No worker serves {settings.task_queue}, so workflows cannot answer. Run"
                " `milepost worker`, and try again.",
                code=Exit.DOWN,
            )
        yield client
    except RPCError as error:
        if error.status in AWAY:
            raise _down() from None
        raise Stop(
            f"Temporal refused a request ({error.status.name}). Run `milepost doctor`.",
            code=Exit.DOWN,
        ) from None


def _down() -> Stop:
    return Stop("Temporal does not answer.", code=Exit.DOWN)


async def running(
    client: Client, task_queue: str, *statuses: str
) -> AsyncIterator[WorkflowAddress]:
    """Every engagement and item that runs on this office's queue, as Temporal lists them.

    With ``statuses``, the runs that Temporal keeps and that have one of these instead.
    """
    types = ", ".join(f"'{name}'" for name in TYPES)
    which = ", ".join(f"'{name}'" for name in statuses or ("Running",))
    queue = task_queue.replace("'", "''")
    query = f"ExecutionStatus IN ({which}) AND TaskQueue = '{queue}' AND WorkflowType IN ({types})"
    async for one in client.list_workflows(query):
        yield parse_workflow_id(one.id)


def workflow_id(of: WorkflowAddress) -> str:
    """The id of the workflow that the address was read from."""
    if of.item_id:
        return item_workflow_id(of.engagement_id, cast(ItemKind, of.kind), of.item_id)
    return engagement_workflow_id(of.engagement_id)


class Asking:
    """Asks for the state of workflows. Raises ``RPCError`` where Temporal does not answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places = asyncio.Semaphore(AT_ONCE)

    async def engagement(self, engagement_id: str) -> Seen:
        """The state of an engagement."""
        return await self._see(engagement_workflow_id(engagement_id), EngagementProgress)

    async def item(self, engagement_id: str, kind: ItemKind, item_id: str) -> Seen:
        """The state of an item."""
        return await self._see(item_workflow_id(engagement_id, kind, item_id), ItemProgress)

    async def _see(
        self, workflow_id: str, of: type[EngagementProgress] | type[ItemProgress]
    ) -> Seen:
        async with self._places:
            handle = self._client.get_workflow_handle(workflow_id)
            try:
                described = await handle.describe(rpc_timeout=DESCRIBE_WITHIN)
            except RPCError as error:
                if error.status == RPCStatusCode.NOT_FOUND:
                    return Seen("absent")
                raise
            return Seen(
                "running" if described.status == WorkflowExecutionStatus.RUNNING else "over",
                await self._progress(described, of),
                described.close_time,
                by_itself=described.status in BY_ITSELF,
            )

    async def _progress(
        self,
        described: WorkflowExecutionDescription,
        of: type[EngagementProgress] | type[ItemProgress],
    ) -> EngagementProgress | ItemProgress | None:
        if described.raw_description.pending_workflow_task.attempt >= FAILS:
            return None
        handle = self._client.get_workflow_handle(described.id, run_id=described.run_id)
        try:
            answer = await handle.query("progress", result_type=of, rpc_timeout=ANSWER_WITHIN)
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None
        except RPCError as error:
            if error.status not in DUMB:
                raise
            return None
        assert isinstance(answer, of)
        return answer


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
        self._listed = (await self._listing()).items
        first: list[Difference] = []
        async for ids in self._pages():
            first += await self.of(ids)
        return await self._lasting(first)

    async def nightly(self) -> list[Difference]:
        """What differs, as far as lists and descriptions raise a suspicion. Only what is suspect is
        queried."""
        return await self._lasting(await self.of(await self.suspects()))

    async def suspects(self) -> list[str]:
        """The engagements that lists and descriptions make suspect. No query."""
        listing = await self._listing(*CUT_OFF)
        self._listed = listing.items
        found: dict[str, None] = {}
        async for ids in self._pages():
            async with self.database.reading() as session:
                rows = await on_record(session, ids)
            found |= dict.fromkeys(id for id in ids if is_suspect(listing, id, rows.get(id)))
        async with self.database.reading() as session:
            overdue = await overdue_processes(session, datetime.now(UTC) - OVERDUE_AFTER)
        return list(found | dict.fromkeys(await failing(self.client, overdue, fails=FAILS)))

    async def _lasting(self, first: list[Difference]) -> list[Difference]:
        if not first:
            return []
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        return confirmed(first, await self.of(list(dict.fromkeys(d.engagement_id for d in first))))

    async def _listing(self, *cut_off: str) -> Listing:
        queue = self.task_queue
        cut = [one async for one in running(self.client, queue, *cut_off)] if cut_off else []
        return Listing.of([one async for one in running(self.client, queue)], cut)

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
        # The database first: what a workflow writes after that only makes the database look behind.
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


def _sliced(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
