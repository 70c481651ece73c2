"""Work that goes on as long as the process serves, whatever happens to a round of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)

AGAIN = timedelta(seconds=30)
"""How long to wait after a round that failed in a way that nobody foresaw."""


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
    while True:
        try:
            await work()
        except Exception as error:  # one bad round must not be the last one
            # The error's own words may quote a person.
            log.error("round_failed", work=work.__qualname__, error=type(error).__name__)
            await asyncio.sleep(AGAIN.total_seconds())
