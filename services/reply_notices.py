"""Tells the office about replies by email, retrying until Temporal has taken each."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from activities.inputs import TellInput
from services.backend import Backend
from storage.inbound import Untold, mark_told, untold
from temporal.connection import TemporalDown
from temporal.rounds import rounds
from temporal.starting import start_delivery
from workflows.ids import reply_workflow_id

log = structlog.get_logger(__name__)

AGAIN = timedelta(seconds=30)
"""The wait before a reply that Temporal did not take is tried again."""


class Teller:
    """The database has the replies to tell; the workflow's id makes a repeat harmless.

    A reply is stored even while Temporal is away. Its notice follows once Temporal is back,
    from the next process if this one has ended.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._left = asyncio.Event()

    async def tell(self, one: Untold) -> None:
        """Tell of one reply now, or leave it for later."""
        try:
            await self._start(one)
        except (TemporalDown, RPCError, SQLAlchemyError) as error:
            log.warning("telling_waits", inbound=one.id, error=type(error).__name__)
            self._left.set()

    async def tell_all(self) -> bool:
        """Tell of every reply that is left. Returns whether some remain."""
        try:
            async with self._backend.database.reading() as session:
                left = await untold(session)
            for one in left:
                await self._start(one)
        except (TemporalDown, RPCError, SQLAlchemyError) as error:
            log.warning("telling_waits", error=type(error).__name__)
            return True
        return False

    def at_work(self) -> AbstractAsyncContextManager[None]:
        """Tell of the replies that are left, at the start and whenever there are any."""
        return rounds(self._round, self._rest)

    async def _round(self) -> None:
        self._left.clear()
        if await self.tell_all():
            self._left.set()

    async def _rest(self) -> None:
        await self._left.wait()
        await asyncio.sleep(AGAIN.total_seconds())

    async def _start(self, one: Untold) -> None:
        client = await self._backend.temporal.client()
        await start_delivery(
            client,
            self._backend.settings.task_queue,
            TellInput(one.engagement_id, one.item_id, one.sequence, one.not_before),
            workflow_id=reply_workflow_id(one.id),
            summary=f"Engagement {one.engagement_id}: an answer by email",
        )
        async with self._backend.database.transaction() as session:
            await mark_told(session, one.id, self._backend.now())
