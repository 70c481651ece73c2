"""Work that goes on as long as the process serves, whatever happens to a round of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)

SOON = timedelta(seconds=5)
"""How long to wait after a round that failed; doubled with each failure after it."""

LONGEST = timedelta(minutes=10)
"""The longest wait: what was away for hours is looked for again soon after its return."""


@asynccontextmanager
async def rounds(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do ``work`` again and again beside the block; it paces itself. The block's end ends it."""
    working = asyncio.create_task(_again_and_again(work))
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    waits = pauses()
    while True:
        try:
            await work()
            waits = pauses()
        except Exception as error:  # one bad round must not be the last one
            # The error's own words may quote a person.
            log.error("round_failed", work=work.__qualname__, error=type(error).__name__)
            await asyncio.sleep(next(waits).total_seconds())


def pauses() -> Iterator[timedelta]:
    """After one failed round and the next: soon at first, and then less and less often."""
    wait = SOON
    while True:
        yield wait
        wait = min(wait * 2, LONGEST)
