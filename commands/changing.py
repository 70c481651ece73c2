"""Changes master data from the command line: one transaction, every flaw in the details."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from commands.catalogue import say
from commands.outcome import Stop, with_database
from storage.database import Database
from storage.master.flaws import Missing, Rejected

T = TypeVar("T")

OPERATOR = "operator"
"""Who stands on the audit trail of what the command line changes."""


async def change(database: Database, work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Do the work in one transaction. Raises Stop where it is rejected: nothing is stored then."""
    try:
        async with database.transaction() as session:
            return await work(session, datetime.now(UTC))
    except Rejected as rejected:
        details = [str(flaw) for flaw in rejected.flaws]
        raise Stop(say("change.rejected"), details=details) from None
    except Missing as missing:
        raise Stop(say("change.missing", id=missing)) from None


def with_change(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Do the work in one transaction on the database of the settings."""

    async def run(database: Database) -> T:
        return await change(database, work)

    return with_database(run)
