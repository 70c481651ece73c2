"""Histories of workflows: fetched with all of their runs, and searched for personal data."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Column, select
from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError

from storage.database import Database
from storage.sql import contacts, engagements, items, members, people, texts
from workflows.ids import engagement_workflow_id, item_workflow_id

EMAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")

PERSONAL: tuple[Column[Any], ...] = (
    *(contacts.c.name, contacts.c.email, people.c.name, people.c.email, members.c.name),
    *(texts.c.body, texts.c.title, texts.c.link),
)
"""What belongs in the database only: who people are, and what they wrote."""

STICKY = TaskQueueKind.TASK_QUEUE_KIND_STICKY

SHORTEST = 5
"""Shorter words than that would be found by chance."""


async def personal_data(database: Database) -> set[str]:
    """All personal data that a database holds."""
    found: set[str] = set()
    async with database.reading() as session:
        for column in PERSONAL:
            found |= {str(one) for one in (await session.execute(select(column))).scalars() if one}
    return {one for one in found if len(one) >= SHORTEST}


async def require_no_personal_data(client: Client, database: Database) -> None:
    """Fail where the history of any workflow of an office holds personal data."""
    known = await personal_data(database)
    async for history in office_histories(client, database):
        found = personal_data_in(history.events, known)
        assert not found, f"personal data in the history of {history.workflow_id}: {found}"


async def office_histories(client: Client, database: Database) -> AsyncIterator[WorkflowHistory]:
    """The histories of all that an office's database knows of: every workflow, every run."""
    async with database.reading() as session:
        of_engagements = list((await session.execute(select(engagements.c.id))).scalars())
        of_items = list(
            await session.execute(select(items.c.engagement_id, items.c.kind, items.c.id))
        )
    ids = [engagement_workflow_id(one) for one in of_engagements]
    ids += [item_workflow_id(engagement, kind, one) for engagement, kind, one in of_items]
    for workflow_id in ids:
        async for history in all_runs(client, workflow_id):
            yield history


async def all_runs(client: Client, workflow_id: str) -> AsyncIterator[WorkflowHistory]:
    """The histories of all runs of a workflow, the latest first; none where it never began."""
    run_id: str | None = None
    while run_id != "":
        try:
            handle = client.get_workflow_handle(workflow_id, run_id=run_id)
            history = await handle.fetch_history()
        except RPCError:
            return
        yield history
        started = history.events[0].workflow_execution_started_event_attributes
        run_id = started.continued_execution_run_id


def personal_data_in(events: Iterable[HistoryEvent], known: Iterable[str]) -> list[str]:
    """Every email address, and everything of ``known``, that stands in a history.

    Who polled (a process and its host: ``identity``, and what sticky queues are named after) is
    Temporal's own, and left out.
    """
    wanted = [(one, json.dumps(one)[1:-1]) for one in known]
    found = []
    for event in events:
        for text in texts_in(event):
            found += EMAIL_ADDRESS.findall(text)
            found += [one for one, written in wanted if one in text or written in text]
    return found


def texts_in(message: Message) -> Iterator[str]:
    """Every text in a message, however deep: fields, and what payloads carry."""
    sticky = isinstance(message, TaskQueue) and message.kind == STICKY
    for field, value in message.ListFields():
        if field.name == "identity" or (sticky and field.name == "name"):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key, one in value.items():
                yield str(key)
                yield from _texts_of(one)
        elif field.is_repeated:
            for one in value:
                yield from _texts_of(one)
        else:
            yield from _texts_of(value)


def _texts_of(value: object) -> Iterator[str]:
    if isinstance(value, Message):
        yield from texts_in(value)
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, str):
        yield value
