"""What runs now, by kind and stage, and the histories of it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from commands.reach import is_missing_file
from commands.reconciling.reading import AT_ONCE
from settings import Settings
from storage.database import Database
from storage.queries.stages import open_stages


@dataclass(frozen=True)
class Running:
    """One workflow of this office."""

    workflow_id: str
    run_id: str
    kind: str
    """The type of the workflow."""
    stage: str
    """As the database says it. Empty for a workflow without one."""
    started: datetime


async def running(client: Client, settings: Settings) -> list[Running]:
    """Every workflow that runs on this office's queue, of whatever type."""
    stages = await _stages(settings)
    queue = settings.task_queue.replace("'", "''")
    query = f"ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
    return [
        Running(
            one.id,
            one.run_id,
            one.workflow_type,
            stages.get(one.id.rpartition("/")[2], ""),
            one.start_time,
        )
        async for one in client.list_workflows(query)
    ]


async def _stages(settings: Settings) -> Mapping[str, str]:
    """The stages by engagement and item. Empty where the database cannot be read.

    Its tables are those of the version that runs now, so it need not be migrated.
    """
    if is_missing_file(settings):
        return {}
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            return await open_stages(session)
    except (OSError, SQLAlchemyError):
        return {}
    finally:
        await database.dispose()


def sample(found: Iterable[Running], count: int) -> list[Running]:
    """At most ``count`` of each kind and stage, spread evenly from the oldest to the newest."""
    groups: defaultdict[tuple[str, str], list[Running]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (one.started, one.workflow_id)):
        groups[one.kind, one.stage].append(one)
    return [one for group in groups.values() for one in _spread(group, count)]


def _spread(group: Sequence[Running], count: int) -> list[Running]:
    if len(group) <= count:
        return list(group)
    if count == 1:
        return [group[0]]
    last = len(group) - 1
    return [group[round(place * last / (count - 1))] for place in range(count)]


async def histories(
    client: Client, chosen: Iterable[Running]
) -> AsyncIterator[tuple[Running, WorkflowHistory]]:
    """Their histories, in this order. A few are fetched ahead. One that has not begun, or that has
    been deleted in the meantime, is left out. Raises ``RPCError``."""
    left = iter(chosen)
    ahead: deque[asyncio.Task[tuple[Running, WorkflowHistory | None]]] = deque()
    try:
        while True:
            while len(ahead) < AT_ONCE and (one := next(left, None)) is not None:
                ahead.append(asyncio.create_task(_fetch(client, one)))
            if not ahead:
                return
            running, history = await ahead.popleft()
            if history is not None:
                yield running, history
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _fetch(client: Client, one: Running) -> tuple[Running, WorkflowHistory | None]:
    handle = client.get_workflow_handle(one.workflow_id, run_id=one.run_id)
    try:
        history = await handle.fetch_history()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return one, None
    begun = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    has_begun = any(event.event_type == begun for event in history.events)
    return one, history if has_begun else None
