"""What every activity that hands emails over does: beats, sees each to its end, and says why some
have to wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from notifications.delivery.recipient import Quiet
from notifications.senders.protocol import Transient

log = structlog.get_logger(__name__)

NOT_YET = "DeliveryNotYet"
"""The error type of an attempt that could not hand everything over; it is tried again."""

Result = TypeVar("Result")

BEATS = 4
"""Heartbeats within the time after which a silent courier is taken for dead."""


@asynccontextmanager
async def heartbeats() -> AsyncIterator[asyncio.Task[None] | None]:
    """Show that we are alive, however long a database or a mail server keeps us waiting: taken for
    dead, another attempt would come between. It ends with the time that this attempt has."""
    info = activity.info() if activity.in_activity() else None
    if info is None or info.heartbeat_timeout is None:
        yield None
        return
    beats = asyncio.create_task(
        _beat(info.heartbeat_timeout / BEATS, info.start_to_close_timeout or timedelta.max)
    )
    try:
        yield beats
    finally:
        beats.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beats


async def _beat(every: timedelta, longest: timedelta) -> None:
    for _ in range(longest // every):
        await asyncio.sleep(every.total_seconds())
        activity.heartbeat()


def stopping() -> bool:
    """Show that we are alive; whether the worker is about to stop, and others should go on."""
    if not activity.in_activity():
        return False
    activity.heartbeat()
    return activity.is_worker_shutdown()


async def uninterrupted(sending: Coroutine[Any, Any, Result]) -> Result:
    """See an email that is on the wire to its end, also when the activity is cancelled meanwhile.

    Cut off, nobody would know whether it was taken. The sender's timeout bounds the wait.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that nobody misses it
        raise


def kind(error: Exception) -> str:
    """What to log of an error: its words may quote a person."""
    return type(error).__name__


def retry_error(later: list[Transient], *, of: int) -> ApplicationError:
    """How many must wait, and why. The longest delay that the provider asked for is kept."""
    reasons = ", ".join(sorted({one.reason for one in later}))
    log.info("emails_wait", count=len(later), of=of, reasons=reasons)
    # Who wants nothing today must not hold up what only waits for the mail server.
    pressing = [one for one in later if not isinstance(one, Quiet)]
    longest = max if pressing else min
    return ApplicationError(
        f"{len(later)} of {of} emails have to wait: {reasons}.",
        type=NOT_YET,
        # Nothing broke: Temporal's client would log a traceback for each attempt of an outage.
        category=ApplicationErrorCategory.BENIGN,
        next_retry_delay=longest(
            (one.retry_after for one in pressing or later if one.retry_after is not None),
            default=None,
        ),
    )
