"""The activity that writes down what a workflow decided: one transaction a record."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import DataError, IntegrityError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.inputs import RECORD, RecordResult
from notifications.ledger import reserve
from programmes.facts import Record
from storage.database import Database
from storage.record import MisplacedState, UnknownEngagement, write

RECORD_REFUSED = "RecordRefused"
"""The database will never take this record; trying again does not help."""


def utc_now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


class Recorder:
    """Writes records. An attempt that repeats an earlier one changes nothing and answers the same.

    What may pass (the database is away, locked, full) is raised as it is, and tried again.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn(name=RECORD)
    async def record(self, record: Record) -> RecordResult:
        """Append the facts, move the reading copy, reserve the notifications: all or nothing."""
        now = self._clock()
        try:
            async with self._database.transaction() as session:
                await write(session, record, now)
                reserved = await reserve(session, record, now)
        except (IntegrityError, DataError, UnknownEngagement, MisplacedState) as error:
            raise refused(record, error) from None
        return RecordResult(notifications=reserved)


def refused(record: Record, error: Exception) -> ApplicationError:
    """Say which record and what kind of error; the database's own words may hold personal data."""
    return ApplicationError(
        f"The record {record.item_id} at {record.sequence} cannot be written: "
        f"{type(error).__name__}.",
        type=RECORD_REFUSED,
        non_retryable=True,
    )
