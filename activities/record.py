"""The activity that writes a workflow's decision: one transaction per record."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.inputs import RECORD, RecordResult
from notifications.delivery.ledger import reserve
from programmes.facts import Record
from storage.database import Database, utc_now
from storage.record import MisplacedState, UnknownEngagement, write

RECORD_REFUSED = "RecordRefused"
"""The database will never accept this record, so a retry does not help."""

PATIENCE = timedelta(seconds=5)
"""How long one attempt retries by itself. Temporal's SDK (1.35) could retry in the same place, but
leaves each attempt's timer behind. That timer may end a later attempt early, or panic when the
worker has stopped."""

FIRST_PAUSE_SECONDS = 0.2


class Recorder:
    """Writes records. A repeated attempt changes nothing and returns the same result.

    Passing errors (the database is down, locked or full) are retried for ``patience``. Then they
    are raised, and Temporal retries the attempt.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        *,
        patience: timedelta = timedelta(0),
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience.total_seconds()

    @activity.defn(name=RECORD)
    async def record(self, record: Record) -> RecordResult:
        """Append the facts, update the projection and reserve the notifications: all or nothing."""
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._write(record)
            except (SQLAlchemyError, OSError):
                if time.monotonic() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def _write(self, record: Record) -> RecordResult:
        now = self._clock()
        try:
            async with self._database.transaction() as session:
                await write(session, record, now)
                reserved = await reserve(session, record, now)
        except (IntegrityError, DataError, UnknownEngagement, MisplacedState) as error:
            raise refused(record, error) from None
        return RecordResult(notifications=reserved)


def refused(record: Record, error: Exception) -> ApplicationError:
    """An error that names the record and the kind of error.

    The database's own message may contain personal data.
    """
    return ApplicationError(
        f"The record {record.item_id} at {record.sequence} cannot be written: "
        f"{type(error).__name__}.",
        type=RECORD_REFUSED,
        non_retryable=True,
    )
