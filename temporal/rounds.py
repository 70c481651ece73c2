"""Work in rounds beside a serving process. A failed round does not end the work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SOON = timedelta(seconds=5)
"""The wait after a failed round. Each further failure doubles it."""

LONGEST = timedelta(minutes=10)
"""The longest wait, so that work resumes soon after a long outage."""

GRACE = timedelta(seconds=2)
"""How long a round may take to finish at the end: long enough for a few statements."""

Step = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def rounds(work: Step, rest: Step) -> AsyncIterator[None]:
    """Repeat ``work`` beside the block, with ``rest`` between two rounds. The block's end cuts a
    rest short, and lets the current round finish."""
    working = asyncio.create_task(_again_and_again(work, rest))
    try:
        yield
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _again_and_again(work: Step, rest: Step) -> None:
    waits = pauses()
    while True:
        try:
            await _to_its_end(work)
            waits = pauses()
            await rest()
        except Exception as error:  # a failed round must not end the work
            # The error's message may quote a person.
            log.error("round_failed", work=work.__qualname__, error=type(error).__name__)
            await asyncio.sleep(next(waits).total_seconds())


async def _to_its_end(work: Step) -> None:
    """Finish a round before the event loop closes, so that no statement answers a closed loop."""
    doing = asyncio.create_task(work())
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing], timeout=GRACE.total_seconds())
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        raise


def pauses() -> Iterator[timedelta]:
    """The waits after successive failed rounds, each twice as long up to ``LONGEST``."""
    wait = SOON
    while True:
        yield wait
        wait = min(wait * 2, LONGEST)
