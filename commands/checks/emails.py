"""Check of the emails that wait: what the sender said to them, which is often ours to mend."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from commands.checks.finding import Finding, found
from commands.places import is_missing_file
from notifications.sentences import UK, reason_sentence
from settings import Settings
from storage.database import Database
from storage.queries.waiting import A_WHILE, waiting_emails

ANSWER_WITHIN_SECONDS = 5.0


async def check_emails(settings: Settings) -> list[Finding]:
    """One finding for each reason; none where the database cannot say, which has its own."""
    if is_missing_file(settings):
        return []
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS), database.reading() as session:
            waiting = await waiting_emails(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return []
    finally:
        await database.dispose()
    now = datetime.now(UTC)
    return [
        found(
            "emails",
            "problem" if now - one.since > A_WHILE else "notice",
            "emails_wait",
            count=one.count,
            since=UK.moment(one.since),
            reason=reason_sentence(one.reason),
        )
        for one in waiting
    ] or [found("emails", "ok", "emails")]
