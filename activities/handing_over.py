"""What every activity that hands emails over does: beats, sees each to its end, and says why some
have to wait."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from notifications.courtesy import Quiet
from notifications.senders.protocol import Transient

NOT_YET = "DeliveryNotYet"
"""The error type of an attempt that could not hand everything over; it is tried again."""


def stopping() -> bool:
    """Show that we are alive; whether the worker is about to stop, and others should go on."""
    if not activity.in_activity():
        return False
    activity.heartbeat()
    return activity.is_worker_shutdown()


async def to_its_end(sending: Coroutine[Any, Any, None]) -> None:
    """See an email that is on the wire to its end, also when the activity is cancelled meanwhile.

    Cut off, nobody would know whether it was taken. The sender's timeout bounds the wait.
    """
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that nobody misses it
        raise


def kind(error: Exception) -> str:
    return type(error).__name__


def not_yet(later: list[Transient], *, of: int) -> ApplicationError:
    """How many must wait, and why. The longest delay that the provider asked for is kept."""
    reasons = ", ".join(sorted({one.reason for one in later}))
    # Who wants nothing today must not hold up what only waits for the mail server.
    pressing = [one for one in later if not isinstance(one, Quiet)]
    longest = max if pressing else min
    return ApplicationError(
        f"{len(later)} of {of} emails have to wait: {reasons}.",
        type=NOT_YET,
        next_retry_delay=longest(
            (one.retry_after for one in pressing or later if one.retry_after is not None),
            default=None,
        ),
    )
