"""Work that goes on as long as the process serves, whatever happens to a round of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SOON = timedelta(seconds=5)
"""How long to wait after a round that failed; doubled with each failure after it."""

LONGEST = timedelta(minutes=10)
"""The longest wait: what was away for hours is looked for again soon after its return."""

GRACE = timedelta(seconds=2)
"""How long a round under way may take to end: a few statements; a server that is away is left."""

Step = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def rounds(work: Step, rest: Step) -> AsyncIterator[None]:
    """Do ``work`` again and again beside the block, and ``rest`` between two rounds. The block's
    end cuts a rest short, and sees the round under way to its end."""
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
        except Exception as error:  # one bad round must not be the last one
            # The error's own words may quote a person.
            log.error("round_failed", work=work.__qualname__, error=type(error).__name__)
            await asyncio.sleep(next(waits).total_seconds())


async def _to_its_end(work: Step) -> None:
    """A statement that is cut off would answer an event loop that has closed by then."""
    doing = asyncio.create_task(work())
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing], timeout=GRACE.total_seconds())
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        raise


def pauses() -> Iterator[timedelta]:
    """After one failed round and the next: soon at first, and then less and less often."""
    wait = SOON
    while True:
        yield wait
        wait = min(wait * 2, LONGEST)
