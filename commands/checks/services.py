"""Checks of what Milepost needs besides Temporal: database, provider's reports, API, emails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from commands.checks.builds import check_builds
from commands.checks.machine import Finding
from commands.checks.temporal import (
    ANSWER_WITHIN,
    check_processes,
    check_temporal,
    check_workers,
    not_reached,
)
from commands.reach import api_address, database_place, is_missing_file, reach_temporal
from notifications.sentences import UK, reason_sentence
from settings import Settings
from storage.database import Database
from storage.inbound import strangers_since
from storage.migrate import is_current
from storage.queries.waiting import A_WHILE, waiting_emails

STRANGERS_FOR = timedelta(days=7)


async def check_services(settings: Settings) -> AsyncIterator[Finding]:
    """Each part, those first that others need."""
    database = await check_database(settings)
    yield database
    if database.state == "ok" and settings.sendgrid_webhook_key:
        yield await check_reports(settings)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            client = await reach_temporal(settings)
    except (RuntimeError, RPCError, TimeoutError) as problem:
        yield not_reached(problem)
    else:
        findings = await check_temporal(client)
        for finding in findings:
            yield finding
        if findings[0].state == "ok":
            yield await check_workers(client, settings.task_queue)
            for finding in await check_builds(client, settings.task_queue):
                yield finding
            if database.state == "ok":
                yield await check_processes(settings, client)
    yield await check_api(settings)


async def check_database(settings: Settings) -> Finding:
    """The database answers, and has the tables of this version."""
    where = database_place(settings)
    if is_missing_file(settings):
        return Finding(
            "database",
            "down",
            f"There is no database at {where} yet.",
            "Run `milepost up`, or `milepost migrate` to create one.",
        )
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
            if not await is_current(database):
                return Finding(
                    "database",
                    "problem",
                    f"{where} has the tables of another version.",
                    "Run `milepost migrate`.",
                )
    except (SQLAlchemyError, OSError, TimeoutError) as problem:
        reason = type(getattr(problem, "orig", None) or problem).__name__
        return Finding(
            "database",
            "down",
            f"{where} does not answer ({reason}).",
            "Check MILEPOST_DATABASE_URL, and that the database server is running.",
        )
    finally:
        await database.dispose()
    return Finding("database", "ok", f"{where} answers and is up to date")


async def check_reports(settings: Settings) -> Finding:
    """Whether SendGrid reports on emails that this office did not send. Only counts are kept."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as session:
            count = await strangers_since(session, (datetime.now(UTC) - STRANGERS_FOR).date())
    finally:
        await database.dispose()
    if count:
        return Finding(
            "reports",
            "notice",
            f"In the last 7 days SendGrid reported {count} times on emails that this office"
            " did not send.",
            "Another system may send with the same SendGrid account, or the database was"
            " restored to an earlier day. Give this office its own SendGrid account or"
            " subuser.",
        )
    return Finding("reports", "ok", "SendGrid reports on this office's emails only")


async def check_api(settings: Settings) -> Finding:
    """The API answers on its own address, and serves commands too."""
    address = api_address(settings)
    try:
        timeout = ANSWER_WITHIN.total_seconds()
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            answer = await client.get(f"{address}/readyz")
    except httpx.HTTPError:
        return Finding(
            "api",
            "down",
            f"The API at {address} does not answer.",
            "Run `milepost api`, or `milepost up` for all parts.",
        )
    if answer.status_code != httpx.codes.OK:
        return Finding(
            "api",
            "down",
            f"The API at {address} is not ready ({answer.status_code}).",
            "See the line about the database: the API needs it.",
        )
    ready = answer.json()
    if ready["status"] != "ready":
        reason = ready["checks"]["temporal"]
        return Finding(
            "api",
            "problem",
            f"The API at {address} is read-only. Temporal: {reason}.",
            "See the line about Temporal. If it shows no problem, start the API with the"
            " same TEMPORAL_ADDRESS.",
        )
    return Finding("api", "ok", f"{address} answers")


async def check_emails(settings: Settings) -> list[Finding]:
    """One finding for each reason. None where the database does not answer: that has its own."""
    if is_missing_file(settings):
        return []
    database = Database(settings.database_url)
    try:
        async with asyncio.timeout(ANSWER_WITHIN.total_seconds()), database.reading() as session:
            waiting = await waiting_emails(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return []
    finally:
        await database.dispose()
    now = datetime.now(UTC)
    return [
        Finding(
            "emails",
            "problem" if now - one.since > A_WHILE else "notice",
            f"{one.count} waiting since {UK.moment(one.since)}: {reason_sentence(one.reason)}",
            "Fix that cause. The emails then leave by themselves, except those that are out"
            " of date.",
        )
        for one in waiting
    ] or [Finding("emails", "ok", "No email is held up")]
