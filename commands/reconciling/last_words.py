"""Writes to the database what a workflow that is gone can no longer write."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from temporalio.client import Client

from activities.inputs import TellInput
from notifications.delivery.reserving import write_and_reserve
from programmes.facts import EngagementState, ItemState, Record
from programmes.rules import ItemKind
from storage.database import Database, new_id
from storage.master import store_text
from storage.queries.reconciling import EngagementOnRecord, ItemOnRecord, calendar_of
from storage.record import write
from temporal.starting import start_delivery
from workflows.ids import last_word_workflow_id
from workflows.messages import EngagementProgress, ItemProgress
from workflows.processes import last_words


class LastWords:
    """Each method can be repeated: a second call changes nothing and sends no email."""

    def __init__(self, database: Database, client: Client, task_queue: str) -> None:
        self._database = database
        self._client = client
        self._task_queue = task_queue

    async def of_lost_item(self, engagement_id: str, item_id: str, kind: ItemKind) -> None:
        """Close an item whose workflow is gone. People with its date in their calendar are told
        that it is cancelled, as its engagement would have told them."""
        async with self._database.reading() as session:
            calendar = await calendar_of(session, engagement_id)
        now = datetime.now(UTC)
        record = last_words.item_lost(engagement_id, item_id, kind, calendar, now)
        if await self._write(record):
            await self._deliver(record)

    async def of_ended_item(
        self, engagement_id: str, row: ItemOnRecord, progress: ItemProgress
    ) -> None:
        """Write how an item ended whose end is not in the database."""
        state = ItemState(
            kind=row.kind,
            key=row.key,
            stage=progress.stage,
            opened_at=row.opened_at,
            closed_at=progress.closed_at,
            outcome=progress.outcome,
            assignee=progress.assignee,
            due_at=progress.due_at,
            data=progress.data,
        )
        now = datetime.now(UTC)
        await self._write(
            last_words.item_ended(engagement_id, row.id, state, progress.sequence, now)
        )

    async def of_ended_engagement(
        self, row: EngagementOnRecord, progress: EngagementProgress
    ) -> None:
        """The same for an engagement."""
        state = EngagementState(
            stage=progress.stage,
            started_on=row.state.started_on,
            opened_at=progress.opened_at or row.state.opened_at,
            onboarded_at=progress.onboarded_at,
            closed_at=progress.closed_at,
            reason=progress.reason,
            moved=progress.moved,
            cycles=progress.cycles,
        )
        now = datetime.now(UTC)
        record = last_words.engagement_ended(row.id, state, progress.sequence, now)
        try:
            await self._write(record)
        except IntegrityError:
            # The text of the reason was lost with the backup. The end is written without it.
            await self._write(replace(record, engagement=replace(state, reason=None)))

    async def of_lost_engagement(self, row: EngagementOnRecord, by: str, reason: str) -> str:
        """Close an engagement whose workflow is gone. Returns the id of the reason's text."""
        now = datetime.now(UTC)
        text_id = new_id("txt")
        async with self._database.transaction() as session:
            await store_text(session, id=text_id, body=reason, author_id=by, now=now)
            await write(
                session, last_words.engagement_lost(row.id, row.state, by, text_id, now), now
            )
        return text_id

    async def _write(self, record: Record) -> int:
        now = datetime.now(UTC)
        async with self._database.transaction() as session:
            return await write_and_reserve(session, record, now)

    async def _deliver(self, record: Record) -> None:
        window = next((notice.not_before for notice in record.notices), None)
        await start_delivery(
            self._client,
            self._task_queue,
            TellInput(
                *(record.engagement_id, record.item_id, record.sequence, window),
                what="the end of a lost item",
            ),
            workflow_id=last_word_workflow_id(record.item_id),
            summary=f"Engagement {record.engagement_id}: the end of a lost item",
        )
