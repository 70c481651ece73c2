"""The activity that records a workflow's decision, in one transaction."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.inputs import RECORD, RecordResult
from notifications.delivery.reserving import write_and_reserve
from programmes.facts import Record
from storage.database import Database, utc_now
from storage.record import MisplacedState, Raced, UnknownEngagement

RECORD_REFUSED = "RecordRefused"
"""The database will never take this record, so it is not retried."""

PATIENCE = timedelta(seconds=5)
"""How long one attempt retries by itself. The SDK (1.35) can retry a local activity in place, but
it leaves the timer of each attempt behind. That timer ends a later attempt too early, or panics
when the worker has gone."""

ATTEMPT = timedelta(seconds=9)
"""How long an attempt of a workflow's own may wait for a connection. The workflow gives it a second
more, so that it ends with an error of its own."""

FIRST_PAUSE_SECONDS = 0.2


class Recorder:
    """Writes records. A repeated attempt changes nothing and gives the same answer.

    Errors that may pass (the database is away, locked or full) are retried for ``patience``, then
    raised. Temporal then repeats the attempt.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        *,
        patience: timedelta = timedelta(0),
        attempt: timedelta | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience.total_seconds()
        self._attempt = attempt.total_seconds() if attempt else None

    @activity.defn(name=RECORD)
    async def record(self, record: Record) -> RecordResult:
        """Append the facts, update the read model, reserve the notifications: all or nothing."""
        async with asyncio.timeout(self._attempt):
            return await self._insist(record)

    async def _insist(self, record: Record) -> RecordResult:
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._write(record)
            except Raced:
                continue
            except (SQLAlchemyError, OSError):
                if time.monotonic() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def _write(self, record: Record) -> RecordResult:
        now = self._clock()
        try:
            async with self._database.transaction() as session:
                reserved = await write_and_reserve(session, record, now)
        except (IntegrityError, DataError, UnknownEngagement, MisplacedState) as error:
            raise refused(record, error) from None
        return RecordResult(notifications=reserved)


def refused(record: Record, error: Exception) -> ApplicationError:
    """The error with the record and the type. The database's message may hold personal data."""
    return ApplicationError(
        f"The record {record.item_id} at {record.sequence} cannot be written: "
        f"{type(error).__name__}.",
        type=RECORD_REFUSED,
        non_retryable=True,
    )
